error value: NOT IN subquery requires a field name (subqueries[0])
