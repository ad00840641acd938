DELETE FROM "public"."users" WHERE id IN ($1, $2)
