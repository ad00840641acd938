SELECT * FROM public.users WHERE metadata #>> $1 = $2 AND metadata #>> $3 IN ($4, $5) AND metadata #>> $3 IS NULL AND name = (metadata #>> $6)
