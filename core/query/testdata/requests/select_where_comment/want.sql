SELECT * FROM "users" WHERE age = 1 ORDER BY "age" ASC
