"""X as one table of rows, and where the sequences lie in it."""
