UPDATE "public"."users" SET "name" = $1, "order" = $2, "createdAt" = $3 WHERE id = $4
