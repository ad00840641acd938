SELECT "createdAt", users.id FROM public.users
