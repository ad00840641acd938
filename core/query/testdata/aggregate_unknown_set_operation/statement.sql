error value: Unknown set operation: minus (set_operations[0])
