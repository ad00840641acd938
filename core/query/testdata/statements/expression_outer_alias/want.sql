EXISTS (SELECT 1 FROM public.posts WHERE posts.user_id = boss.id)
