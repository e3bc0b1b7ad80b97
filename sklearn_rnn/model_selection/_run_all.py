"""All runs of a comparison, in parallel; with a checkpoint, files keep them until it has ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.utils.parallel import Parallel, delayed

from sklearn_rnn._sklearn.folds import Fold
from sklearn_rnn._sklearn.progress import Bar
from sklearn_rnn._sklearn.safe_files import fingerprint, locked, open_folder, read, remove, write
from sklearn_rnn.model_selection._fit_and_score import (
    Evaluator,
    Run,
    run_once,
    seeded,
    shuffles_unseeded,
)
from sklearn_rnn.model_selection._metadata_routing import Metadata

PACKAGES = (np, pd, sklearn)
"""Packages whose versions tell runs apart, besides those that estimators store themselves."""

PROGRESS_DELAY = 2.0
"""Seconds before the progress bar appears."""


def run_all(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    folds: Sequence[Fold],
    seeds: Sequence[int],
    evaluator: Evaluator,
    metadata: Metadata,
    n_jobs: int | None,
    verbose: int,
    checkpoint: Any = None,
) -> list[Run]:
    """Run every model on every fold with every seed, in parallel; see `Run` for the results.

    With a folder `checkpoint`, runs that an earlier process has ended there are not run again.
    """
    calls = [
        (Run(name, fold, seed), estimator, X, y, folds[fold], evaluator, metadata)
        for fold in range(len(folds))
        for name, model in models.items()
        for seed, estimator in seeded(model, seeds)
    ]
    files: list[Path] = []
    work = [delayed(run_once)(*call) for call in calls]
    if checkpoint is not None:
        folder, versions = open_folder(checkpoint), [(p.__name__, p.__version__) for p in PACKAGES]
        common = fingerprint((X, y, evaluator, metadata.score, versions))
        for run, estimator, _, _, fold, *_ in calls:
            known = fingerprint((common, run, estimator, fold, metadata.fit[run.model]))
            files.append(folder / f"compare_models-{known}")
        work = [delayed(_run_or_read)(*pair) for pair in zip(files, calls, strict=True)]
    try:
        workers = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    except ValueError:  # of a backend that returns all results at the end, as that of Ray
        workers = Parallel(n_jobs=n_jobs)
    bar: Iterable[Run] = Bar(
        workers(work), total=len(work), unit="fit", disable=not verbose, delay=PROGRESS_DELAY
    )
    order = list(models)
    runs = sorted(bar, key=lambda run: (order.index(run.model), run.fold, run.seed or 0))
    for file in files:
        remove(file)
    return runs


def check_repeatable(splitter: Any, checkpoint: Any) -> None:
    """Check that a splitter makes the same folds when a comparison with a checkpoint goes on."""
    if checkpoint is not None and shuffles_unseeded(splitter):
        raise ValueError(
            "cv must have the same folds again with a checkpoint, but shuffles without a seed; set "
            "its random_state."
        )


def _run_or_read(file: Path, call: tuple[Any, ...]) -> Run:
    """Return the run that the file keeps, or run, and keep it unless it has failed."""
    with locked(file):
        if (content := read(file)) is not None:
            kept = json.loads(content)
            return Run(**{**kept, "losses": np.array(kept["losses"])})
        run = run_once(*call)
        if run.error is None:
            write(file, json.dumps(vars(run), default=np.ndarray.tolist).encode())
        return run
