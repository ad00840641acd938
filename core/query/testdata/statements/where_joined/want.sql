users.age > $1 AND posts.score < $2
