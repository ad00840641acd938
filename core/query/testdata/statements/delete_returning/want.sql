DELETE FROM "public"."posts" WHERE (score < $1) AND published IS NOT TRUE RETURNING "id", "title"
