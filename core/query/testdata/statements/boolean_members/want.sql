SELECT * FROM public.users WHERE id > $1 AND (age > $2 AND (role = $3 OR role = $4))
