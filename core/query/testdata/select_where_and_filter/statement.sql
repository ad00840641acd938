error value: filter and where exclude each other
