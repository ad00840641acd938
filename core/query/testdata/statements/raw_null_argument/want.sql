SELECT * FROM public.users WHERE (age IS NOT DISTINCT FROM $1) AND ($2 = ANY(tags) AND tags && $3)
