SELECT "t".* FROM "users" AS "t"
-- nests [] keep map[]
