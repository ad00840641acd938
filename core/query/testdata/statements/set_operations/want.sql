(((SELECT id FROM public.users) UNION (SELECT user_id FROM public.posts)) INTERSECT (SELECT user_id FROM public.orders)) EXCEPT ALL (SELECT id FROM users WHERE age > $1)
