SELECT DISTINCT "id", "order" FROM "public"."users" WHERE "age" = $1 AND "order" >= $2 ORDER BY "id" DESC, "order" ASC LIMIT $3 OFFSET $4
