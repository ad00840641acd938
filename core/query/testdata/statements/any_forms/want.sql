SELECT * FROM public.users WHERE $1 = ANY(tags) AND tags && $2 AND array_position(tags, NULL) IS NOT NULL AND FALSE AND (tags && $3 OR array_position(tags, NULL) IS NOT NULL) AND name = ANY(tags)
