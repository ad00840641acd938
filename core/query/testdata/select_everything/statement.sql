SELECT DISTINCT "id", "order" FROM "app"."users" WHERE "a" = $1 AND "b" >= $2 ORDER BY "id" DESC, "b" ASC LIMIT $3 OFFSET $4
-- $1 1
-- $2 2
-- $3 10
-- $4 0
