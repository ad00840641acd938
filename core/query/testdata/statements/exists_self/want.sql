SELECT * FROM public.users WHERE EXISTS (SELECT 1 FROM public.users AS users_1 WHERE users_1.manager_id = users.id AND users_1.age < $1)
