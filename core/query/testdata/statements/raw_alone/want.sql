SELECT * FROM public.users WHERE age > $1 OR age < $2
