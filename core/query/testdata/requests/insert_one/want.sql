INSERT INTO "users" ("name", "age") VALUES ($1, $2) RETURNING *
