SELECT users.city, SUM(orders.amount) AS total FROM public.users INNER JOIN public.orders ON orders.user_id = users.id GROUP BY users.city HAVING SUM(orders.amount) > $1
