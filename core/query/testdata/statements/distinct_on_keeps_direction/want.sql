SELECT DISTINCT ON (user_id, score) * FROM public.posts ORDER BY score DESC NULLS LAST, user_id ASC, id ASC
