SELECT * FROM public.users WHERE EXISTS (SELECT 1 FROM public.posts WHERE posts.user_id = users.id AND posts.score > $1)
