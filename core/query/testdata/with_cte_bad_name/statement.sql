error identifier: Invalid CTE name in ctes[0]: a name of one part is needed
