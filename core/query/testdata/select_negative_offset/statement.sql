error value: offset must not be negative
