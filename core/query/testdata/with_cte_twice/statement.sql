error value: Duplicate CTE name in ctes[1]: "a"
