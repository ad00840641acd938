SELECT * FROM public.users WHERE $1 < age
