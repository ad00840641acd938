SELECT users.id FROM public.users INNER JOIN public.posts ON posts.user_id = users.id FOR KEY SHARE OF posts, users
