(SELECT id FROM public.users WHERE age > $1) UNION (SELECT id FROM public.users WHERE age < $2)
