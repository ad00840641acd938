error value: a table needs a column
