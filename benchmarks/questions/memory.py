"""By how much the memory in use grows where windows of a long table are cut, fitted and read."""

import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.question import Measurement
from sklearn_rnn import GRURegressor, LagTransformer

N_ROWS, N_CHANNELS, WIDE = 420_551, 14, 256


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    n_rows = N_ROWS // 100 if size == "quick" else N_ROWS
    X = np.random.default_rng(0).standard_normal((n_rows, N_CHANNELS), dtype=np.float32)
    y = X[:, 1].copy()
    few = X[:2000], y[:2000]
    # What is loaded at first use, here and in the workers, does not count.
    Parallel(n_jobs=2)(delayed(pipeline().fit)(*few) for _ in range(4))
    fitted = pipeline().fit(*few)
    fitted.predict(few[0])
    grid = {"gruregressor__hidden_size": [4, 8]}
    search = GridSearchCV(pipeline(), grid, cv=TimeSeriesSplit(2), n_jobs=2)
    rows = [
        growth("windows of 720 steps", lambda: LagTransformer(720).fit_transform(X), 200),
        growth("pipeline: fit, 1 epoch", lambda: pipeline().fit(X, y), 400),
        growth("pipeline: predict", lambda: fitted.predict(X), 400),
        growth("grid search of it in 2 processes", lambda: search.fit(X, y), 800),
        from_disk(n_rows),
    ]
    header, n_mb = ["what", "memory grew by (MB)", "limit (MB)", "seconds"], X.nbytes / 1e6
    data = f"A table of {n_rows:,} rows of {N_CHANNELS} channels, float32: {n_mb:.0f} MB."
    return pd.DataFrame(rows, columns=header), {"data": data}


def from_disk(n_rows: int) -> list[str]:
    """Fit a pipeline to rows that stay in a file."""
    with tempfile.TemporaryFile() as file:
        X = np.memmap(file, np.float32, "w+", shape=(n_rows, WIDE))
        X[:] = np.random.default_rng(0).standard_normal((n_rows, 1), dtype=np.float32)
        model, y = make_pipeline(LagTransformer(5), net()), np.array(X[:, 0])
        label = f"pipeline of 5 lags: fit to {X.nbytes / 1e6:.0f} MB on disk, 1 epoch"
        return growth(label, lambda: model.fit(X, y), 200)


def pipeline() -> Pipeline:
    """Return scaler, windows and a small GRU: the memory does not depend on its size."""
    return make_pipeline(StandardScaler(), LagTransformer(n_lags=120, step=6, delay=144), net())


def net() -> GRURegressor:
    return GRURegressor(hidden_size=8, max_epochs=1, lr_schedule="cosine", random_state=0)


def growth(label: str, task: Callable[[], object], limit_mb: int) -> list[str]:
    """Run a task and return by how much the memory in use grew at most, and the seconds."""
    samples, done = [in_use_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            samples.append(in_use_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    result = task()
    seconds = time.perf_counter() - start
    samples.append(in_use_mb())
    done.set()
    watcher.join()
    del result
    return [label, f"{max(samples) - samples[0]:.0f}", f"{limit_mb}", f"{seconds:.1f}"]


def in_use_mb() -> float:
    """Return the memory of this process and its children that is not a file's, in 10^6 bytes."""
    text = "".join(contents(f"/proc/{process}/smaps_rollup") for process in family("self"))
    return sum(map(int, re.findall(r"^Pss_Anon:\s+(\d+)", text, re.MULTILINE))) * 1024 / 1e6


def family(process: str) -> Iterator[str]:
    """Yield the number of a process and those of all its descendants."""
    yield process
    for children in glob(f"/proc/{process}/task/*/children"):
        for child in contents(children).split():
            yield from family(child)


def contents(path: str) -> str:
    """Return the text of a file; it is empty if its process has ended."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""


QUESTION = Measurement(measure)
