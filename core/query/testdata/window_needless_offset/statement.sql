error value: window function rank takes no offset (windows[0])
