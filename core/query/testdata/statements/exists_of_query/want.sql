SELECT EXISTS (SELECT * FROM public.users WHERE age > $1) AS found
