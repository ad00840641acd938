SELECT COUNT(*) FROM "t" WHERE $1 = ANY("a") AND $2 = ANY("a") AND "a" && $3 AND "a" @> $4 AND "a" @> $5 AND "a" <@ $6 AND "a" && $7 AND "a" && $8
-- $1 "x"
-- $2 "x"
-- $3 ["x", "y"]
-- $4 ["x"]
-- $5 ["x"]
-- $6 ["x"]
-- $7 ["x"]
-- $8 ["x"]
