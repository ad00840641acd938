error identifier: Invalid select columns[1]: it contains characters that are not allowed
