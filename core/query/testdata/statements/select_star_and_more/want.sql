SELECT *, age AS years FROM public.users
