SELECT * FROM public.users
