SELECT * FROM public.users WHERE id > $1 AND (age > $3 OR age < $2) AND (name <> '$1' AND name <> $$ $2 $$ AND name = $4 AND city = $4)
