SELECT DISTINCT ON ("city", "role") * FROM "users" ORDER BY "city" ASC
