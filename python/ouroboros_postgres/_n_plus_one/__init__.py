"""Finding queries that load row by row what one statement could have loaded."""
