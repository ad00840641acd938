DELETE FROM "user_roles" WHERE "user_id" = $1 AND "role_id" <> ALL($2)
-- $1 1
-- $2 [2, 3]
