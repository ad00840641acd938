UPDATE "users" SET "a" = $1, "b" = $2 WHERE id = $3 AND x = '$1' RETURNING *
-- $1 1
-- $2 null
-- $3 7
