error value: row 1 has 1 values for 2 columns
