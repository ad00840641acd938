(SELECT DISTINCT ON (user_id) user_id, id FROM public.posts ORDER BY user_id ASC, score DESC) UNION (SELECT user_id, id FROM public.orders) ORDER BY id ASC
