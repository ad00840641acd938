SELECT DISTINCT ON (users.id) posts.id FROM public.posts INNER JOIN public.users ON posts.user_id = users.id ORDER BY users.id ASC, posts.score DESC
