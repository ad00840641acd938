user_1.age > $1
