SELECT * FROM public.posts WHERE (NOT (EXISTS (SELECT 1 FROM public.tags INNER JOIN public.post_tags ON post_tags.tag_id = tags.id WHERE post_tags.post_id = posts.id AND tags.name = $1)))
