SELECT COUNT(*) FROM "users" WHERE "name" LIKE $1 AND "name" ILIKE $2 AND "name" NOT LIKE $3 AND "name" NOT ILIKE $4
