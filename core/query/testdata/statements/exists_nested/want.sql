SELECT * FROM public.users WHERE EXISTS (SELECT 1 FROM public.posts WHERE posts.user_id = users.id AND EXISTS (SELECT 1 FROM public.post_tags WHERE post_tags.post_id = posts.id AND users.age > $1))
