"""The public functions against a real server, one concept per module."""
