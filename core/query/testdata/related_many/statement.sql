SELECT "t".*, ARRAY(SELECT "#2" FROM "app"."posts" AS "#2" WHERE "#2"."user_id" = "t"."id" ORDER BY "#2"."id") AS "posts", ARRAY(SELECT "#3" FROM "keys" AS "#3" WHERE "#3"."user_id" = "t"."id") AS "keys", ("#1"."id" IS NOT NULL) AS "#1", "#1".* FROM "users" AS "t" LEFT JOIN "users" AS "#1" ON "t"."author_id" = "#1"."id" WHERE EXISTS (SELECT 1 FROM "keys" AS "#3" WHERE "#3"."user_id" = "t"."id") ORDER BY "t"."id" DESC LIMIT $1
-- nests [{#1 author}] keep map[posts:[title id]]
-- $1 3
