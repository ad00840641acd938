DELETE FROM "public"."posts" WHERE user_id NOT IN (SELECT v FROM (SELECT manager_id FROM public.users) AS s(v) WHERE v IS NOT NULL) RETURNING *
