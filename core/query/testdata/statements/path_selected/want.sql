SELECT metadata #>> $1 AS city FROM public.users ORDER BY metadata #>> $1 DESC
