SELECT name AS "FullName", age AS "user", id AS n FROM public.users
