UPDATE "users" SET "age" = $1, "city" = $2 WHERE id = $3 AND name = '$1' RETURNING *
