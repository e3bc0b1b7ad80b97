"""One file for each question: its data, models, protocol and sizes, and what its report tells."""
