SELECT * FROM public.users WHERE id IN (SELECT manager_id FROM public.users WHERE users.age > $1)
