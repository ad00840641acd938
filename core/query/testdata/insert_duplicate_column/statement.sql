error value: column a is given twice
