SELECT "t".*, ("#1"."id" IS NOT NULL) AS "#1", "#1"."name", "#1"."id", ("#2"."id" IS NOT NULL) AS "#2", "#2".* FROM "posts" AS "t" INNER JOIN "users" AS "#1" ON "t"."user_id" = "#1"."id" RIGHT JOIN "users" AS "#2" ON "t"."score" = "#2"."id" WHERE "t"."title" IS NULL AND "t"."score" = ANY($1) ORDER BY "t"."id" ASC LIMIT $2 OFFSET $3
-- nests [{#1 author [] 0} {#2 user [] 0}] keep map[]
