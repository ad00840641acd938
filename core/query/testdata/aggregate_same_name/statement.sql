error value: two result columns are called count: give one of them another alias
