error value: ctes[0]: the SQL text uses $2 but has 1 parameters
