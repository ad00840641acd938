SELECT id, users.name, public.users.age FROM public.users
