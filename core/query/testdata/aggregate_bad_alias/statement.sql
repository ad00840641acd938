error identifier: Invalid aggregate alias in aggregates[0]: it contains characters that are not allowed
