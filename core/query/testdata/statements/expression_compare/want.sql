age > $1
