SELECT user_id FROM public.orders GROUP BY user_id HAVING (COUNT(*) > $1 OR SUM(amount) < $2)
