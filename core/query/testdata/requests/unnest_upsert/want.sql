INSERT INTO "users" ("id", "age") SELECT * FROM unnest($1::pg_catalog.int8[], $2::pg_catalog.int4[]) ON CONFLICT ("id") DO UPDATE SET "age" = EXCLUDED."age" RETURNING *
