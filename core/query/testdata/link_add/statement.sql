INSERT INTO "user_roles" ("user_id", "role_id") VALUES ($1, $2), ($1, $3) ON CONFLICT DO NOTHING
-- $1 1
-- $2 2
-- $3 "x"
