error query: the SQL text must not contain ';'
