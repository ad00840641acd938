SELECT "t"."name" FROM "roles" AS "t" JOIN "user_roles" AS "j" ON "j"."role_id" = "t"."id" WHERE "j"."user_id" = $1 ORDER BY "t"."name" DESC LIMIT $2 OFFSET $3
-- $1 1
-- $2 0
-- $3 2
