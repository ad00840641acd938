error value: Unknown subquery type: any (subqueries[0])
