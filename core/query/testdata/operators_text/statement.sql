SELECT COUNT(*) FROM "t" WHERE "a" LIKE $1 AND "a" ILIKE $2 AND "a" NOT LIKE $3 AND "a" NOT ILIKE $4
-- $1 "x%"
-- $2 "x%"
-- $3 "x%"
-- $4 "x%"
