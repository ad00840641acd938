SELECT COUNT(*) FROM ((SELECT id FROM public.users) UNION (SELECT user_id FROM public.posts)) AS all_ids
