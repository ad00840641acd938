SELECT user_1.id FROM public.users AS user_1 LEFT JOIN public.users AS user_2 ON user_1.manager_id = user_2.id
