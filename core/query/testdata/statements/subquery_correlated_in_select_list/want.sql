SELECT name, (SELECT COUNT(*) FROM public.posts WHERE user_id = users.id) AS n FROM public.users
