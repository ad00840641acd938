error value: operator between on column a needs a list
