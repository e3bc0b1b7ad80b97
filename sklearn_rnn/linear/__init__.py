"""Linear models on windows, which are never written out."""
