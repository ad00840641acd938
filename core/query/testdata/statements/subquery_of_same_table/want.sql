SELECT * FROM public.users WHERE id IN (SELECT manager_id FROM public.users WHERE age > $1)
