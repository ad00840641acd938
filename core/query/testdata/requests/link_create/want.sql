CREATE TABLE IF NOT EXISTS "user_roles" ("user_id" bigint NOT NULL REFERENCES "app"."users" ("id") ON DELETE CASCADE, "role_id" uuid NOT NULL REFERENCES "roles" ("uid") ON DELETE CASCADE, PRIMARY KEY ("user_id", "role_id"));
CREATE INDEX IF NOT EXISTS "user_roles_role_id_idx" ON "user_roles" ("role_id")
