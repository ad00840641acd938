SELECT DISTINCT ON ("a", "b") * FROM "users" ORDER BY "a" ASC
