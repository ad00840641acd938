"""One module per driver, all with the same functions."""
