SELECT COUNT(*) AS "a", COUNT("c") AS "b", COUNT(DISTINCT "c") AS "c", SUM("amount") AS "d", AVG("orders"."amount") AS "e", MIN("s"."orders"."amount"), MAX("amount") FROM "s"."orders"
