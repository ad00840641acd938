error value: source and target key must differ
