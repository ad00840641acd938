SELECT * FROM public.users WHERE EXISTS (SELECT 1 FROM posts WHERE posts.user_id = users.id AND posts.score > $1) AND NOT EXISTS ( SELECT 1 FROM orders WHERE user_id = users.id)
