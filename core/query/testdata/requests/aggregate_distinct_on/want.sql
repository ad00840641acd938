SELECT DISTINCT ON ("city", "role") "city", "role", SUM("age") AS "s" FROM "users" GROUP BY "city", "role" ORDER BY "city" ASC, "role" DESC, "s" DESC, "role" DESC
