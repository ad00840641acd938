SELECT * FROM public.users WHERE name = E'\'$1' AND "name" = $1 /* $2 /* $9 */ ) */ AND city <> $tag$ $2 ) $tag$ AND tags[1:2] = ARRAY[$2::text]
