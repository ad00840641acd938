SELECT * FROM public.users WHERE (metadata #>> $1 IN ($2) OR metadata #>> $1 IS NULL)
