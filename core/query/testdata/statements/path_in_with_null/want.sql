SELECT * FROM public.users WHERE (metadata #>> $1 IN ($2) OR metadata #>> $3 IS NULL)
