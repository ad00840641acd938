error value: the default of column tags is no scalar but a list
