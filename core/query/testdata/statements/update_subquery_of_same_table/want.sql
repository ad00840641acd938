UPDATE "public"."users" SET "status" = $1 WHERE id IN (SELECT users.id FROM public.users INNER JOIN public.posts ON posts.user_id = users.id WHERE posts.score > $2)
