error value: an index needs a column
