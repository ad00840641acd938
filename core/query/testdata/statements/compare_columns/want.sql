SELECT * FROM public.users WHERE age < "order" AND id != manager_id
