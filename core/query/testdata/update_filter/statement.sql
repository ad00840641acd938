UPDATE "users" SET "a" = $1 WHERE "id" = ANY($2) RETURNING "id", "a"
-- $1 {"k":"v"}
-- $2 [1, 2]
