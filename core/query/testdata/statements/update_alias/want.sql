UPDATE "public"."users" AS "u" SET "age" = $1 WHERE EXISTS (SELECT 1 FROM public.posts WHERE posts.user_id = u.id)
