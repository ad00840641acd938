SELECT * FROM public.users WHERE (age > $1)
