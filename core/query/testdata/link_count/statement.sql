SELECT count(*) FROM "user_roles" WHERE "user_id" = $1
-- $1 1
