SELECT id, $1 AS one, (SELECT $2) AS zero FROM public.users
