SELECT * FROM "users" WHERE age = $1 OR name = '$9' OR city = $2 LIMIT $3
