SELECT "a" FROM "t" GROUP BY "a" HAVING COUNT(*) IS NULL AND COUNT(*) <> $1 AND (MAX("b") = ANY($2) OR MAX("b") IS NULL) AND MAX("b") <> ALL($3) AND MIN("b") IS NULL AND MIN("b") IS NOT NULL
-- $1 1
-- $2 [1]
-- $3 [2]
