(SELECT id FROM public.users) EXCEPT ((SELECT user_id FROM public.posts) UNION (SELECT user_id FROM public.orders))
