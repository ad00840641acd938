SELECT * FROM "users"
