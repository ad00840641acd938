SELECT * FROM public.users OFFSET $1
