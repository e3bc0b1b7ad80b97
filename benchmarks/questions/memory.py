"""By how much memory in use grows where windows of long tables and panels are cut and fitted."""

import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from glob import glob
from multiprocessing import get_context
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
from sklearn_rnn.model_selection import PanelTimeSeriesSplit

N_ROWS, N_CHANNELS, WIDE = 420_551, 14, 256
N_SERIES, N_TIMES, PANEL_CHANNELS, PANEL_LAGS = 200, 1000, 8, 168
ON_PANEL = {"windows": 1, "fit, 1 epoch": 1, "grid search in 2 processes": 2}  # processes at once


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    quick = size == "quick"
    n_rows = N_ROWS // 100 if quick else N_ROWS
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
        *(on_panel(what, size) if quick else in_fresh_process(on_panel, what) for what in ON_PANEL),
    ]
    header, n_mb = ["what", "memory grew by (MB)", "limit (MB)", "seconds"], X.nbytes / 1e6
    n_series, n_times, panel_mb = panel_size(size)
    data = (
        f"A table of {n_rows:,} rows of {N_CHANNELS} channels, float32: {n_mb:.0f} MB. A panel of "
        f"{n_series} series of {n_times:,} rows of {PANEL_CHANNELS} channels, double precision: "
        f"{panel_mb:.1f} MB; its limit is three times the table in each process."
    )
    return pd.DataFrame(rows, columns=header), {"data": data}


def panel_size(size: str) -> tuple[int, int, float]:
    """Return the numbers of series and of rows of each, and the size of the panel in MB."""
    n_series = N_SERIES // 20 if size == "quick" else N_SERIES
    return n_series, N_TIMES, n_series * N_TIMES * PANEL_CHANNELS * 8 / 1e6


def panel(n_series: int, n_times: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return hourly rows of several series, and the first channel as target."""
    hours = pd.date_range("2026-01-01", periods=n_times, freq="h")
    index = pd.MultiIndex.from_product([range(n_series), hours], names=["series", "time"])
    rows = np.random.default_rng(0).standard_normal((len(index), PANEL_CHANNELS))
    X = pd.DataFrame(rows, index, [f"channel{i}" for i in range(PANEL_CHANNELS)])
    return X, X["channel0"].copy()


def on_panel(what: str, size: str = "usual") -> list[str]:
    """Do one of three things with a panel, after the same with a small one."""
    n_series, n_times, table_mb = panel_size(size)
    small, (X, y) = panel(5, 2 * PANEL_LAGS), panel(n_series, n_times)
    lags, model = LagTransformer(PANEL_LAGS), make_pipeline(LagTransformer(PANEL_LAGS), net())
    grid, cv = {"gruregressor__hidden_size": [4, 8]}, PanelTimeSeriesSplit(2)
    tasks: dict[str, Callable[[Any, Any], object]] = {
        "windows": lags.fit_transform,
        "fit, 1 epoch": model.fit,
        "grid search in 2 processes": GridSearchCV(model, grid, cv=cv, n_jobs=2).fit,
    }
    model.fit(*small).predict(small[0])  # loads what is needed, here and in the workers
    if ON_PANEL[what] > 1:
        Parallel(n_jobs=2)(delayed(model.fit)(*small) for _ in range(4))
    label, mb, limit, seconds = growth(
        f"panel: {what}", lambda: tasks[what](X, y), round(3 * table_mb * ON_PANEL[what])
    )
    return [f"{label} ({float(mb) / table_mb:.1f} tables)", mb, limit, seconds]


def in_fresh_process(function: Callable[..., list[str]], *given: Any) -> list[str]:
    """Call a function in a new process: one that has freed memory would use it again."""
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        return processes.submit(function, *given).result()


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
