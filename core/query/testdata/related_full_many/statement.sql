error value: join type full is not possible for the to-many relation author
