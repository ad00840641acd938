SELECT * FROM public.users WHERE (to_tsvector('english', name)) @@ (plainto_tsquery('english', $1))
