SELECT "user".id FROM public.users AS "user"
