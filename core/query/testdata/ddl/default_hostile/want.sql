CREATE TABLE IF NOT EXISTS "public"."t" ("a" TEXT DEFAULT '''); DROP TABLE t; --', "b" TEXT DEFAULT E'\\''; DROP TABLE t; --')
