error value: ctes[0]: the SQL text must not contain ';'
