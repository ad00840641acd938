SELECT * FROM public.users WHERE tags IS NOT NULL AND metadata IS NOT NULL AND FALSE AND tags && $1
