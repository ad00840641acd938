SELECT posts.*, users.name AS author FROM public.users INNER JOIN public.posts ON posts.user_id = users.id
