WITH "a" AS (SELECT * FROM t WHERE x = $1), "B" AS (SELECT * FROM a WHERE y IN ($2, $3, $2)) SELECT "id", "b"."name" FROM "B" WHERE "id" > $4 AND "id" IN (SELECT id FROM a) ORDER BY "id" DESC LIMIT $5 OFFSET $6
-- $1 1
-- $2 "p"
-- $3 "q"
-- $4 3
-- $5 5
-- $6 0
