error value: two result columns are called a: give one of them another alias
