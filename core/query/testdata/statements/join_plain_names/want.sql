SELECT users.name, posts.title FROM public.users LEFT JOIN public.posts ON posts.user_id = users.id AND posts.score > $1 WHERE posts.score > $2
