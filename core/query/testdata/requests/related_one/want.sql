SELECT "t".*, ("#1"."id" IS NOT NULL) AS "#1", "#1".* FROM "posts" AS "t" LEFT JOIN "users" AS "#1" ON "t"."user_id" = "#1"."id" WHERE "t"."id" = $1
-- nests [{#1 author [] 0}] keep map[]
