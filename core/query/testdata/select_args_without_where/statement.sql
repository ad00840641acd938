error query: the condition has 1 parameters but does not use $1
