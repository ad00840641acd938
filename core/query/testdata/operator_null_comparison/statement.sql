error value: operator gt on column a needs a value, not None
