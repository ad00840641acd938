SELECT * FROM public.users WHERE (age > $1) = ("order" > $2) AND (age > $3 AND id > $4) IS TRUE
