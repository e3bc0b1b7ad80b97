"""The path of a fit and of a prediction through the files of the package is short.

``python -m tests.test_call_path`` prints the files in the order in which they are entered.
"""

import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

import sklearn_rnn
from sklearn_rnn import LSTMRegressor

PACKAGE = Path(sklearn_rnn.__file__).parent
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5, 2))
Y = X[:, -1, 0]


def path_of(run):
    """Return the file of each function of the package that `run` calls, in order."""
    entered = []

    def note(frame, event, _):
        file = Path(frame.f_code.co_filename)
        if event == "call" and PACKAGE in file.parents:
            entered.append(file.relative_to(PACKAGE).as_posix())

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return entered


def paths():
    """Return the paths of a fit of three epochs and of a prediction."""
    net = LSTMRegressor(max_epochs=3, early_stopping=False, tol=1.0, device="cpu", random_state=0)
    return {"fit": path_of(lambda: net.fit(X, Y)), "predict": path_of(lambda: net.predict(X))}


@pytest.mark.parametrize(
    ("method", "max_files", "max_changes"), [("fit", 25, 121), ("predict", 15, 60)]
)
def test_the_path_enters_few_files_and_changes_between_them_seldom(method, max_files, max_changes):
    path = paths()[method]
    visits = [file for file, _ in groupby(path)]
    assert len(path) > 50, "nothing to count"
    assert len(set(path)) <= max_files, sorted(set(path))
    assert len(visits) - 1 <= max_changes


if __name__ == "__main__":
    for method, path in paths().items():
        visits = [(file, len(list(calls))) for file, calls in groupby(path)]
        print(f"{method}: {len(set(path))} files, {len(visits) - 1} changes of file")
        for file, n_calls in visits:
            print(f"  {file} ({n_calls})")
