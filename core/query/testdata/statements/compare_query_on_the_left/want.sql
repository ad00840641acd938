SELECT * FROM public.users WHERE (SELECT COUNT(*) FROM public.orders WHERE user_id = users.id) > $1
