"""Benchmarks of sklearn_rnn, one short file for each question: ``python -m benchmarks --list``."""
