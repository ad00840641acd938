SELECT users.* FROM public.users LEFT JOIN public.posts ON posts.user_id = users.id WHERE posts.score > $1 AND users.age > $2 ORDER BY posts.created_at DESC
