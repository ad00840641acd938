error value: Invalid sort direction: sideways
