INSERT INTO "users" ("name", "order") VALUES ($1, $2), ($3, DEFAULT), ($4, $5) RETURNING *
