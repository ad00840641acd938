error query: the condition uses $2 but has 1 parameters
