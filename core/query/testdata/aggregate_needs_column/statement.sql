error value: sum requires a column name (aggregates[0])
