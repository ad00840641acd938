SELECT * FROM public.users ORDER BY name ASC, age DESC, "order" ASC NULLS FIRST, city DESC NULLS LAST
