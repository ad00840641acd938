SELECT "t"."name" FROM "tags" AS "t" JOIN "post_tags" AS "j" ON "j"."tag_id" = "t"."id" WHERE "j"."post_id" = $1 ORDER BY "t"."name" DESC LIMIT $2 OFFSET $3
