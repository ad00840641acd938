SELECT user_id FROM public.orders GROUP BY user_id HAVING SUM(amount) > (SELECT AVG(amount) FROM public.orders)
