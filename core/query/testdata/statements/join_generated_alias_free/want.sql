SELECT users.id FROM public.users LEFT JOIN public.users AS users_1 ON users.manager_id = users_1.id LEFT JOIN public.users AS users_2 ON users.manager_id = users_2.id
