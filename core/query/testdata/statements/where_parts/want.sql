age > $1 AND (city = $2 OR (x = $3))
