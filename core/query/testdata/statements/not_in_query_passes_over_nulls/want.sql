SELECT * FROM public.users WHERE id NOT IN (SELECT v FROM (SELECT user_id FROM public.posts) AS s(v) WHERE v IS NOT NULL)
