SELECT city, metadata #>> $1 AS k, COUNT(*) AS n FROM public.users GROUP BY city, k
