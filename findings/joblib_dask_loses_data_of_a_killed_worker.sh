#!/usr/bin/env bash
# joblib: on dask, a killed worker ends the whole computation, although dask would repeat its tasks.
#
# The backend sends each argument of more than 1 kB to one worker, and hands tasks a reference. If the
# process of that worker is killed (no memory, a machine that is taken away), the scheduler has lost
# "scattered data, which can't be recovered", and joblib.Parallel ends with a FutureCancelledError
# that says no more than "already forgotten". With scatter=[rows] in parallel_config the backend sends
# the rows to every worker: dask starts the worker again, repeats its tasks, and all results come.
# (Issue 3149 of dask/distributed describes what a death does to scattered data.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  joblib==1.6.0 numpy==2.4.6 dask==2026.8.0 distributed==2026.8.0

cat >"$folder/kill.py" <<'PY'
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
from dask.distributed import Client, LocalCluster

logging.getLogger("distributed").setLevel(logging.CRITICAL)


def total(note, rows, i):
    """Return the sum of the rows; the first time that i is 3, kill the process."""
    if i == 3 and not note.exists():
        note.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return float(rows.sum())


def run(rows, **how):
    """Return the results of eight tasks, or the name of the error, and whether one was killed."""
    note = Path(tempfile.mkdtemp(), "killed")
    tasks = [joblib.delayed(total)(note, rows, i) for i in range(8)]
    with joblib.parallel_config("dask", **how):
        try:
            return joblib.Parallel(n_jobs=-1)(tasks), note.exists()
        except Exception as error:
            return type(error).__name__, note.exists()


def main():
    rows = np.ones(10_000)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        alone = run(rows)
        client.wait_for_workers(2)
        everywhere = run(rows, scatter=[rows])
    print("sent to one worker:  ", alone)
    print("scatter=[rows]:      ", everywhere)
    as_described = alone == ("FutureCancelledError", True) and everywhere == ([1e4] * 8, True)
    sys.exit(0 if as_described else "joblib no longer behaves as described above")


if __name__ == "__main__":
    main()
PY
"$folder/venv/bin/python" "$folder/kill.py"
