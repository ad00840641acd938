SELECT * FROM public.users WHERE age = ANY($1) AND age <> ALL($2)
