SELECT * FROM public.users WHERE id IN (SELECT user_id FROM public.posts WHERE published = $1)
