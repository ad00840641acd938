SELECT DISTINCT ON ("city", "day") "city", "day", SUM("x") AS "s" FROM "t" GROUP BY "city", "day" ORDER BY "city" ASC, "day" DESC, "s" DESC, "day" DESC
