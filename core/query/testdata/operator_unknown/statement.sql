error value: Unknown operator: ; drop (where_conditions[0])
