error value: operator in on column a needs a list
