UPDATE "public"."users" SET "status" = $1 WHERE EXISTS (SELECT 1 FROM public.orders WHERE orders.user_id = users.id AND orders.status = $2)
