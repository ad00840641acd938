error value: window function lag requires a column name (windows[0])
