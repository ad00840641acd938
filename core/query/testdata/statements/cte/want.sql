WITH adults AS (SELECT * FROM public.users WHERE age >= $1) SELECT * FROM adults WHERE city = $2 LIMIT $3
