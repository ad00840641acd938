error value: window function ntile requires an offset (windows[0])
