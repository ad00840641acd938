SELECT * FROM public.users WHERE id = $1 FOR UPDATE
