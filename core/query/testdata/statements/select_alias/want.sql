SELECT id FROM public.users AS u WHERE u.age > $1
