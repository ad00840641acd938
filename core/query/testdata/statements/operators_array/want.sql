SELECT * FROM public.users WHERE tags @> $1 AND tags <@ $2 AND tags && $3 AND tags @> $4 AND tags @> $5 AND tags <@ $6 AND tags && $7 AND tags && $8
