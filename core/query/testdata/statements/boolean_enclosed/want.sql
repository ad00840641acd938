SELECT * FROM public.users WHERE (age > $1 OR age < $2) AND ((id = $3 OR id = $4) AND role = $5)
