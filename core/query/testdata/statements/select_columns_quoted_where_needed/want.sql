SELECT id, "order", "createdAt", name FROM public.users WHERE "order" = $1
