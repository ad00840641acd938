error value: no rows to insert
