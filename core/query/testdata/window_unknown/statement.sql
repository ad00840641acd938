error value: Unknown window function: median (windows[0])
