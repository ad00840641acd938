SELECT COUNT(*) FROM "users" WHERE "metadata" @> $1::jsonb AND "metadata" <@ $2::jsonb AND "metadata" ? $3 AND "metadata" ?| $4 AND "metadata" ?& $5
