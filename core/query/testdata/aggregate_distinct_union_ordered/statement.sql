error value: distinct_on, order_by and set_operations exclude each other: select the distinct rows in a CTE
