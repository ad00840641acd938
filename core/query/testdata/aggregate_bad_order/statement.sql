error identifier: Invalid order_by[0]: it must not start with a digit
