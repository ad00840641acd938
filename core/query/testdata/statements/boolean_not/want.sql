SELECT * FROM public.users WHERE (NOT (status = $1)) AND (NOT (NOT (status = $2))) AND (NOT (age > $3 OR age < $4)) AND (NOT (age > $5 AND (name = $6)))
