"""What the package was required to do, shown against real servers and real failures."""
