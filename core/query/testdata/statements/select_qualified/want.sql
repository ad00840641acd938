SELECT users.id FROM public.users WHERE users.age > $1 ORDER BY users."order" ASC
