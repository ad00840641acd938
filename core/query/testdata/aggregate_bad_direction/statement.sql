error value: Invalid sort direction: asc nulls
