WITH users AS (SELECT * FROM public.users WHERE age > $1) SELECT id FROM users
