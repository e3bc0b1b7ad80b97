"""Tests that need many packages run where SKLEARN_RNN_INTEROP=full, as in `make interop-full`."""

import os

collect_ignore_glob = [] if os.environ.get("SKLEARN_RNN_INTEROP") == "full" else ["test_*.py"]
