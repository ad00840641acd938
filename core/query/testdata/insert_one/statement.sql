INSERT INTO "users" ("name", "age") VALUES ($1, $2) RETURNING *
-- $1 "Ann"
-- $2 30
