error query: Conflict target cannot be empty
