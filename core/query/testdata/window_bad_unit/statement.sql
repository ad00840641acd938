error value: Unknown frame unit: groups (windows[0])
