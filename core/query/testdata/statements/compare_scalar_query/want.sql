SELECT * FROM public.users WHERE age > (SELECT AVG(amount) FROM public.orders)
