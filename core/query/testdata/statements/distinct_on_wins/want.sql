SELECT DISTINCT ON (user_id) * FROM public.posts
