error identifier: Invalid identifier: unbalanced quotes
