SELECT EXISTS (SELECT 1 FROM "user_roles" WHERE "user_id" = $1 AND "role_id" = $2)
-- $1 1
-- $2 2
