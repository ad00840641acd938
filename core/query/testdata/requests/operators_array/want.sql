SELECT COUNT(*) FROM "users" WHERE $1 = ANY("tags") AND $2 = ANY("tags") AND "tags" && $3 AND "tags" @> $4 AND "tags" @> $5 AND "tags" <@ $6 AND "tags" && $7 AND "tags" && $8
