INSERT INTO "users" ("name", "age") SELECT * FROM unnest($1::pg_catalog.text[], $2::pg_catalog.int4[]) RETURNING *
