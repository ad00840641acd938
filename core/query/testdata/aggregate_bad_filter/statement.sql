error identifier: Invalid filter in where_conditions[0]: it contains characters that are not allowed
