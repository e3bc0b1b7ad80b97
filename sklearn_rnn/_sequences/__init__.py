"""X as one table of rows and the places of the sequences in it."""
