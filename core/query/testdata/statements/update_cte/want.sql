WITH big AS (SELECT user_id FROM public.orders WHERE amount > $1) UPDATE "public"."users" SET "status" = $2 WHERE id IN (SELECT user_id FROM big) RETURNING "id"
