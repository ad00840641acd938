error value: ctes[0]: the SQL text is empty
