error value: limit must not be negative
