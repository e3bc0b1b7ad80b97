#!/usr/bin/env bash
# numpy: np.unique of many distinct integers or times is a hundred times slower than np.unique with
# return_index=True, which does more.
#
# Since numpy 2.3, np.unique without return_* collects integers and times in a hash table and sorts
# what it holds; with return_index=True it sorts the array, as it always did before. If few values
# are distinct, both take about the same. If nearly all are, as in an index or a column of keys, the
# table costs about 1.3 microseconds a value, and sorting (above all of values that are in order
# already) nearly nothing: for 400,000 consecutive integers the call that returns less takes some 100
# times longer. In numpy 2.2 it takes no longer. Values and their order are the same in both versions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"

cat >"$folder/measure.py" <<'PY'
import sys
from time import perf_counter

import numpy as np


def seconds(call):
    """Return the least seconds of five calls."""
    times = []
    for _ in range(5):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def ratio(values):
    """Return how much longer np.unique takes without return_index than with it."""
    assert np.array_equal(np.unique(values), np.unique(values, return_index=True)[0])
    alone = seconds(lambda: np.unique(values))
    with_index = seconds(lambda: np.unique(values, return_index=True))
    return alone / with_index


distinct = np.arange(400_000)
few = np.random.default_rng(0).integers(0, 5, 400_000)
found = {
    "distinct integers": ratio(distinct),
    "distinct times": ratio(distinct.astype("datetime64[s]")),
    "five values": ratio(few),
}
print("numpy", np.__version__)
for name, value in found.items():
    print(f"  {name}: np.unique takes {value:.2f} times np.unique(return_index=True)")
hashes = np.lib.NumpyVersion(np.__version__) >= "2.3.0"
slow = min(found["distinct integers"], found["distinct times"])
as_described = slow > 10 and found["five values"] < 3 if hashes else slow < 3
sys.exit(0 if as_described else "numpy no longer behaves as described above")
PY

for version in 2.2.6 2.4.6; do
  "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "numpy==$version"
  "$folder/venv/bin/python" "$folder/measure.py"
done
