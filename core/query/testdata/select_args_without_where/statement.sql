error query: the SQL text has 1 parameters but does not use $1
