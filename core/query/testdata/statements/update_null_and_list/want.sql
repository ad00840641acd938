UPDATE "public"."users" SET "age" = $1, "tags" = $2
