SELECT * FROM public.users WHERE EXISTS (SELECT users.* FROM public.posts WHERE user_id = users.id)
