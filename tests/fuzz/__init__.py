"""A fuzzer of all public names; `python -m tests.fuzz 20000`, see CONTRIBUTING.md."""
