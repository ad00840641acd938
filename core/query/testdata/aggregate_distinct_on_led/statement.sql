SELECT DISTINCT ON ("city", "day") "city", "day" FROM "t" GROUP BY "city", "day" ORDER BY "day" DESC, "city" ASC, "x" ASC
