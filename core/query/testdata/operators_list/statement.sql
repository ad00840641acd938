SELECT COUNT(*) FROM "t" WHERE "a" = ANY($1) AND "b" <> ALL($2) AND FALSE AND TRUE AND ("e" = ANY($3) OR "e" IS NULL) AND ("f" <> ALL($4) AND "f" IS NOT NULL) AND "g" BETWEEN $5 AND $6 AND "h" NOT BETWEEN $7 AND $8
-- $1 [1, 2]
-- $2 [1]
-- $3 [1]
-- $4 [1]
-- $5 1
-- $6 2
-- $7 3
-- $8 4
