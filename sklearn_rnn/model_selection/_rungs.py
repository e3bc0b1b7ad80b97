"""The rungs of successive halving: fits that pause, and go on if they are among the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklearn_rnn._sklearn.compat import fit_and_score
from sklearn_rnn._sklearn.folds import Fold
from sklearn_rnn._training.checkpoint import Pause
from sklearn_rnn.model_selection._halving_candidates import find_network, setting


class KeptSteps:
    """The memory of a pipeline for one fold: what its steps have learned and returned, in order.

    Parameters
    ----------
    outputs : list
        What the steps have returned in an earlier fit.
    """

    def __init__(self, outputs: list[Any]) -> None:
        self.outputs = list(outputs)
        self._n_returned = 0

    def cache(self, function: Callable[..., Any], **_: Any) -> Callable[..., Any]:
        """Return a function that returns what the step in its place has returned before."""

        def cached(*args: Any, **kwargs: Any) -> Any:
            if self._n_returned == len(self.outputs):
                self.outputs.append(function(*args, **kwargs))
            self._n_returned += 1
            return self.outputs[self._n_returned - 1]

        return cached

    def __sklearn_clone__(self) -> KeptSteps:
        """Return itself: a clone of a pipeline has the same memory."""
        return self


class Stand(NamedTuple):
    """Where a candidate stands in a fold.

    Attributes
    ----------
    result : dict
        Scores and times, as scikit-learn has them.
    states : dict of int to bytes
        The states of its networks.
    outputs : list
        What the steps before the network have learned and returned, unless that was known.
    """

    result: dict[str, Any]
    states: dict[int, bytes]
    outputs: list[Any]


def train_on(
    model: Any,
    X: Any,
    y: Any,
    fold: Fold,
    *,
    until: int,
    states: Mapping[int, bytes],
    outputs: list[Any],
    **how: Any,
) -> Stand:
    """Train the network of a model up to an epoch, from its states on, and score it.

    Parameters
    ----------
    model : estimator
        The unfitted model.
    X, y : array-like
        The data.
    fold : tuple of (ndarray, ndarray)
        Training and test rows.
    until : int
        The epoch.
    states, outputs : mapping of int to bytes, list
        Those of an earlier `Stand`; empty at first.
    **how : object
        Arguments of ``_fit_and_score`` of scikit-learn.
    """
    model = clone(model)
    inside, pause, kept = find_network(model), Pause(until, dict(states)), KeptSteps(outputs)
    inside.network._pause = pause
    for pipeline in inside.pipelines:
        if pipeline.memory is None:
            pipeline.memory = kept
    train, test = fold
    rows = {"train": train, "test": test}
    result = fit_and_score(model, X, y, **rows, parameters=None, return_times=True, **how)
    return Stand(result, pause.states, kept.outputs[len(outputs) :])


class Climb:
    """The candidates of a search on their way up, and what is kept of each from rung to rung.

    Parameters
    ----------
    models : sequence of estimator
        The unfitted model of each candidate.
    candidates : sequence of dict
        Its parameters.
    X, y : array-like
        The data.
    folds : sequence of tuple of (ndarray, ndarray)
        Training and test rows.
    n_jobs : int or None
        Number of parallel fits.
    **how : object
        Arguments of ``_fit_and_score`` of scikit-learn.
    """

    def __init__(
        self,
        models: Sequence[Any],
        candidates: Sequence[Mapping[str, Any]],
        X: Any,
        y: Any,
        folds: Sequence[Fold],
        n_jobs: int | None,
        **how: Any,
    ) -> None:
        self.models, self.candidates = models, candidates
        self.X, self.y, self.folds, self.how = X, y, folds, how
        self.workers = Parallel(n_jobs=n_jobs)
        self.settings = [*map(setting, models, candidates)]
        self._states: dict[tuple[int, int], Mapping[int, bytes]] = {}
        self._outputs: dict[tuple[Any, int], list[Any]] = {}

    def to(self, until: int, chosen: Sequence[int]) -> list[dict[str, Any]]:
        """Train the chosen candidates up to an epoch, and return the results, fold by fold of each.

        The others are forgotten. Of candidates whose steps before the network are the same, one
        comes first, and the others take what its steps have returned.
        """
        places = [(candidate, fold) for candidate in chosen for fold in range(len(self.folds))]
        settings = {place: (self.settings[place[0]], place[1]) for place in places}
        kept, states = self._outputs, self._states
        self._outputs = {of: kept[of] for of in settings.values() if of in kept}
        self._states = {}
        first = {of: place for place, of in reversed(settings.items()) if of not in kept}
        leading = [place for place in places if first.get(settings[place]) == place]
        results = {}
        for batch in (leading, [place for place in places if place not in leading]):
            jobs = [
                delayed(train_on)(
                    *(self.models[candidate], self.X, self.y, self.folds[fold]),
                    until=until,
                    states=states.get((candidate, fold), {}),
                    outputs=self._outputs.get(settings[candidate, fold], []),
                    **self.how,
                )
                for candidate, fold in batch
            ]
            for place, stand in zip(batch, self.workers(jobs), strict=True):
                results[place], self._states[place] = stand.result, stand.states
                self._outputs.setdefault(settings[place], stand.outputs)
        return [results[place] for place in places]


def check_scores(results: Sequence[Mapping[str, Any]], scoring: Any) -> None:
    """Check that each score is one number; scikit-learn admits dicts of them, too."""
    for result in results:
        if isinstance(given := result["test_scores"], dict):
            raise TypeError(
                f"scoring={scoring!r} must return one number, by which candidates are ranked; got "
                f"{given!r}. Return one of its values."
            )


def mean_scores(results: Sequence[Mapping[str, Any]], n_candidates: int) -> NDArray[np.float64]:
    """Return the mean score of each candidate; NaN if a fit of it failed, whatever its score."""
    scores = [np.nan if r["fit_error"] else r["test_scores"] for r in results]
    return np.reshape(scores, (n_candidates, -1)).mean(axis=1)


def first_error(results: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence with the first error of the fits, or an empty string."""
    errors = [r["fit_error"].rstrip().splitlines()[-1] for r in results if r["fit_error"]]
    return f" The first fit that failed raised {errors[0]}" if errors else ""


def epochs_of_rungs(n_candidates: int, factor: int, min_epochs: int, max_epochs: int) -> list[int]:
    """Return the epochs of a candidate after each rung.

    The last has `max_epochs` and, if `min_epochs` admits enough rungs, fewer than `factor`
    candidates. No rung is without an epoch.
    """
    epochs, least = [max_epochs], max(min_epochs, 1)
    while n_candidates >= factor and max_epochs // factor ** len(epochs) >= least:
        epochs.insert(0, max_epochs // factor ** len(epochs))
        n_candidates = -(-n_candidates // factor)
    return epochs
