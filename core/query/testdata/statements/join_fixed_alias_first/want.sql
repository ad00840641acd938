SELECT users_1.id, users.id AS other FROM public.users AS users_1 LEFT JOIN public.users AS users ON users_1.manager_id = users.id
