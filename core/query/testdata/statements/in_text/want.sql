SELECT * FROM public.users WHERE id IN (SELECT user_id FROM posts WHERE score > $1 AND score < $2) AND age > $3
