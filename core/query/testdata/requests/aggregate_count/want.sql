SELECT COUNT(*) AS "n" FROM "users"
