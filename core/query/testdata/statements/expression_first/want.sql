age BETWEEN $4 AND $5 AND "order" = $6
