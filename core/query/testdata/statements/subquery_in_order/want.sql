SELECT * FROM public.users ORDER BY (SELECT MAX(score) FROM public.posts WHERE user_id = users.id) DESC NULLS LAST
