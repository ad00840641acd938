SELECT DISTINCT ON ("city", "role") "city", "role" FROM "users" GROUP BY "city", "role" ORDER BY "role" DESC, "city" ASC, "city" ASC
