SELECT * FROM public.users WHERE name LIKE $1 AND name ILIKE $2 AND name NOT LIKE $3 AND name NOT ILIKE $4 AND name ~ $5 AND name ~* $6 AND name !~ $7 AND name !~* $8
