"""Threads of the compiled kernels."""

import os
import subprocess
import sys

import pytest


def run_in_fresh_process(code):
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_package_is_imported_where_processes_do_not_fork():
    run_in_fresh_process(
        "import os\n"
        "import joblib, pandas, skorch, torch\n"  # they may need what is removed here
        "os.__dict__.pop('register_at_fork', None)\n"
        "import sklearn_rnn\n"
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_a_forked_process_starts_threads_of_its_own():
    run_in_fresh_process(
        "import os\n"
        "from sklearn_rnn._modules.kernels.threads import run_together\n"
        "run_together(lambda call: 0, [b''] * 3)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    run_together(lambda call: 0, [b''] * 3)\n"  # waits forever for threads that are gone
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
