UPDATE "users" SET "name" = $1 RETURNING *
