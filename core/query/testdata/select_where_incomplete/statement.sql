error query: the SQL text uses $2 but has 1 parameters
