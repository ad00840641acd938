error value: window function sum takes no default (windows[0])
