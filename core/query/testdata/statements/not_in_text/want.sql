SELECT * FROM public.users WHERE id NOT IN (SELECT user_id FROM posts)
