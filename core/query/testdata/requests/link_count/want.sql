SELECT count(*) FROM "post_tags" WHERE "post_id" = $1
