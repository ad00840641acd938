SELECT p.title FROM public.users LEFT JOIN public.posts AS p ON TRUE
