SELECT * FROM public.users WHERE ((age > $1 AND city = $2) OR role = $3)
