error value: a window function requires an alias (windows[0])
