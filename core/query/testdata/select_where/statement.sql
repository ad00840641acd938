SELECT * FROM "users" WHERE a = $1 OR b = '$9' OR c = $2 LIMIT $3
-- $1 1
-- $2 "x"
-- $3 0
