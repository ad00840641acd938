SELECT DISTINCT ON (user_id) * FROM public.posts ORDER BY user_id DESC, id ASC
