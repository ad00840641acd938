SELECT * FROM public.users WHERE age > $1 AND id < $2 AND id IN ($3, $4)
