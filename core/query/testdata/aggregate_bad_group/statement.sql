error identifier: Invalid group_by[1]: unbalanced quotes
