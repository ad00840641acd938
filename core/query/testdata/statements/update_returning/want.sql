UPDATE "public"."users" SET "name" = $1 WHERE (age > $2 OR "order" IS NULL) RETURNING "id", "order"
