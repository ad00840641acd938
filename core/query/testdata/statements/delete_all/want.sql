DELETE FROM "public"."orders"
