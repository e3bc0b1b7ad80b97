#!/usr/bin/env bash
# joblib: on dask, a killed worker ends the whole computation, although dask would repeat its tasks.
#
# The backend sends each argument of more than 1 kB to one worker, and hands tasks a reference. If the
# process of that worker is killed (no memory, a machine that is taken away), the scheduler has lost
# "scattered data, which can't be recovered", and joblib.Parallel ends with a FutureCancelledError
# that says no more than "already forgotten". With scatter=[rows] in parallel_config the backend sends
# the rows to every worker, but dask's active memory manager removes all copies but one after some two
# seconds, and the same happens. Only without the manager dask starts the worker again, repeats its
# tasks, and all results come.
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
import time
from pathlib import Path

import dask
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


def run(**how):
    """Return the results of eight tasks, or the name of the error, and whether one was killed."""
    note = Path(tempfile.mkdtemp(), "killed")
    rows = how.get("scatter", [np.ones(10_000)])[0]
    tasks = [joblib.delayed(total)(note, rows, i) for i in range(8)]
    with joblib.parallel_config("dask", **how):
        time.sleep(6)  # the copies are there, and the manager has run
        try:
            return joblib.Parallel(n_jobs=-1)(tasks), note.exists()
        except Exception as error:
            return type(error).__name__, note.exists()


def main():
    found = []
    for manages in (True, False):
        dask.config.set({"distributed.scheduler.active-memory-manager.start": manages})
        for how in ({}, {"scatter": [np.ones(10_000)]}):
            options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
            with LocalCluster(**options) as cluster, Client(cluster):
                found.append(run(**how))
            sent = "to all workers" if how else "to one worker"
            print(f"memory manager {'on' if manages else 'off'}, rows {sent}: {found[-1]}")
    lost, kept = ("FutureCancelledError", True), ([1e4] * 8, True)
    as_described = found == [lost, lost, lost, kept]
    sys.exit(0 if as_described else "joblib and dask no longer behave as described above")


if __name__ == "__main__":
    main()
PY
"$folder/venv/bin/python" "$folder/kill.py"
