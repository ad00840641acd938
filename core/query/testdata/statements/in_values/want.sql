SELECT * FROM public.users WHERE age IN ($1, $2, $3) AND city NOT IN ($4)
