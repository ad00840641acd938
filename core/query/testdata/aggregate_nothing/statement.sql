error value: one of aggregates, group_by, windows and set_operations is needed
