SELECT * FROM (SELECT user_id, SUM(amount) AS total FROM public.orders GROUP BY user_id) AS sums WHERE total > $1
