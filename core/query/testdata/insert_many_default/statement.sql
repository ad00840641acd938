INSERT INTO "users" ("name", "order") VALUES ($1, $2), ($3, DEFAULT), ($4, $5) RETURNING *
-- $1 "a"
-- $2 1
-- $3 "b"
-- $4 null
-- $5 3
