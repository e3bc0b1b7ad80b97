"""Threads of the compiled kernels."""

import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from sklearn_rnn._modules.kernels.threads import n_threads, run_side_by_side


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


@pytest.mark.usefixtures("two_threads")
def test_tasks_run_in_two_threads_and_an_error_closes_the_others():
    closed, seen, together = [], set(), threading.Barrier(2, timeout=60)

    def task(i, n_steps):
        try:
            for step in range(n_steps):
                if step == 0 and i < 2:
                    together.wait()  # two run at the same time
                seen.add(threading.get_ident())
                assert torch.get_num_threads() == 1
                if i == 2 and step == 3:
                    raise ValueError("third")
                yield
        finally:
            closed.append(i)

    run_side_by_side([task(i, 3) for i in range(5)])
    assert len(seen) == 2
    assert sorted(closed) == list(range(5))
    with pytest.raises(ValueError, match="third"):
        run_side_by_side([task(i, 1000) for i in range(5)])
    assert sorted(closed) == sorted([*range(5)] * 2)
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_kernels_of_the_last_task_use_all_threads():
    allowed, end = [], time.monotonic() + 60

    def waits():
        while n_threads() == 1 and time.monotonic() < end:
            yield
        allowed.append(n_threads())

    def steps():
        for _ in range(3):
            allowed.append(n_threads())
            yield

    run_side_by_side([waits(), steps()])
    assert allowed == [1, 1, 1, 2]
    assert n_threads() == 2
    allowed.clear()
    worker = threading.Thread(target=run_side_by_side, args=([steps(), steps()],))
    worker.start()  # as of joblib, which has one core
    worker.join()
    assert allowed == [1] * 6
