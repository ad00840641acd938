SELECT posts.id, SUM(posts.score) OVER (PARTITION BY users.city) AS s FROM public.posts LEFT JOIN public.users ON users.id = posts.user_id
