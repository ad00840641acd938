error value: rows without columns can only be inserted one by one
