SELECT COUNT(*) FROM (SELECT DISTINCT city FROM public.users LIMIT $1) AS counted
