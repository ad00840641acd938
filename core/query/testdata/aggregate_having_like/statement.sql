error value: Unknown operator: like (having[0])
