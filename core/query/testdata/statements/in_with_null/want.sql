SELECT * FROM public.users WHERE (age IN ($1, $2) OR age IS NULL) AND (age NOT IN ($3) AND age IS NOT NULL)
