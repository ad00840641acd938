error identifier: Invalid identifier: it contains characters that are not allowed
