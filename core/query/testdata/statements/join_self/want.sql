SELECT users.name, users_1.name AS boss FROM public.users LEFT JOIN public.users AS users_1 ON users.manager_id = users_1.id
