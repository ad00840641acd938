UPDATE "users" SET "metadata" = $1 WHERE "id" = ANY($2) RETURNING "id", "metadata"
