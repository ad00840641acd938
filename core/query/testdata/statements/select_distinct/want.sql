SELECT DISTINCT city FROM public.users
