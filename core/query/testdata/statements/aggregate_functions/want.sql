SELECT COUNT(*), COUNT(status) AS c, COUNT(DISTINCT user_id) AS d, SUM(amount), AVG(amount), MIN(amount), MAX(created_at) FROM public.orders
