SELECT COUNT(*) FROM "t" WHERE "a" @> $1::jsonb AND "a" <@ $2::jsonb AND "a" ? $3 AND "a" ?| $4 AND "a" ?& $5
-- $1 {"k":1}
-- $2 "{}"
-- $3 "k"
-- $4 ["k", "l"]
-- $5 ["k'] OR true --"]
