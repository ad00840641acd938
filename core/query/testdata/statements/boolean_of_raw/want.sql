SELECT * FROM public.users WHERE ((age > $1 OR age IS NULL) AND role = $2) AND (NOT (age = $3))
