INSERT INTO "users" ("id", "name", "age") VALUES ($1, $2, $3) ON CONFLICT ("id", "name") DO UPDATE SET "age" = EXCLUDED."age" RETURNING *
