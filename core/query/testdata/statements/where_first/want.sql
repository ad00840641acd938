age > $3
