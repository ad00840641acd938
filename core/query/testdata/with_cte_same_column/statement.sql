error value: two result columns are called x: give one of them another alias
