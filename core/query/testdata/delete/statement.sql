DELETE FROM "users" WHERE "id" = $1
-- $1 1
