"""The sentences that state the result of a comparison of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_rnn.model_selection._ranking import Ranking

COMPLEXITY = "complexity"
"""The unit of a complexity that the user has given."""

_PLURALS = {"leaf": "leaves"}


class _Test(NamedTuple):
    """The test that decides: of the score, or of the loss if there is a single fold."""

    of: str
    standard_error: float
    low: float
    high: float


def describe_verdict(ranking: Ranking, lead: str, loss: str) -> str:
    """Return in one or two sentences which model to take, and how larger ones compare.

    Parameters
    ----------
    ranking : Ranking
        The results.
    lead : str
        What the best model has, such as "the best r2, 0.31".
    loss : str
        Name of the loss or error.
    """
    models, best, chosen = list(ranking.scores.index), ranking.best, ranking.chosen
    complexity = ranking.complexity
    named = {name: f"'{name}'{_in_brackets(_size(ranking, name))}" for name in models}
    unknown = _unknown_complexity([n for n in models if not ranking.knows_complexity(n)], models)
    others = [name for name in models if name not in (best, chosen)]
    others.sort(key=lambda name: -ranking.scores[name])
    larger = [name for name in others if complexity[name] > complexity[chosen]]
    simpler = [name for name in others if complexity[name] < complexity[best]]
    if chosen != best:
        test = ranking.difference(best, chosen)
        return (
            f"Take {named[chosen]}: {named[best]} has {lead}, but leads by "
            f"only {describe_difference(test, loss)}, within {_standard_error(test, loss)}"
            f"{_larger_models(ranking, larger, named, loss, 'other larger')}{unknown}"
        )
    start = f"Take {named[best]}: it has {lead}"
    if not others:
        return start
    rival = (simpler or others)[0]
    test = ranking.difference(best, rival)
    rank = ", the best of the simpler models," if simpler else ""
    start = f"{start}, and leads {named[rival]}{rank} by {describe_difference(test, loss)}"
    if not any(map(ranking.knows_complexity, models)):
        return f"{start}{unknown}"
    if not simpler:
        return f"{start}; no model is simpler{unknown}"
    if not np.isfinite(_deciding_test(test, loss).standard_error):
        return f"{start}, which may be chance, as its standard error is not known{unknown}"
    return (
        f"{start}, more than {_standard_error(test, loss)}{_reservation(test, loss)}"
        f"{_larger_models(ranking, larger, named, loss, 'larger')}{unknown}"
    )


def _larger_models(
    ranking: Ranking, models: Sequence[str], named: Mapping[str, str], loss: str, kind: str
) -> str:
    """Return by how much the first of the models is ahead of the chosen one, or behind it."""
    if not models:
        return ""
    chosen = ranking.chosen
    which = f"The best of the {len(models)} {kind} models" if models[1:] else f"The {kind} model"
    test, verb, sign = ranking.difference(models[0], chosen), "leads", ""
    if test["score"] <= 0:
        test, verb = ranking.difference(chosen, models[0]), "trails"
        pair = [chosen, models[0]]
        if test.name != " - ".join(pair):  # of errors, which are better if they are smaller
            pair.reverse()
        sign = f"'{pair[0]}' minus '{pair[1]}': "
    interval = [f"{sign}{text}" for text in _interval(test, loss)]
    amount = f"{test['score']:.2g}{_in_brackets(interval)}"
    return f". {which}, {named[models[0]]}, {verb} '{chosen}' by {amount}"


def _unknown_complexity(unknown: Sequence[str], models: Sequence[str]) -> str:
    """Return which models are of unknown complexity, and what follows from it."""
    if not unknown:
        return ""
    if len(unknown) == len(models):
        return "; the complexity of all models is unknown, so the best score decides"
    listed = " and ".join(f"'{name}'" for name in unknown)
    return f"; the complexity of {listed} is unknown and counts as the greatest"


def _size(ranking: Ranking, name: str) -> list[str]:
    size = describe_size(ranking.complexity[name], ranking.units[name])
    return [size] if size else []


def describe_size(number: float, unit: str) -> str:
    """Return a complexity with its unit; "" if it is unknown."""
    if not np.isfinite(number):
        return ""
    if unit == COMPLEXITY:
        return f"{unit} {number:,.6g}"
    plural = _PLURALS.get(unit, f"{unit}s")
    return f"{number:,.0f} {unit if round(number) == 1 else plural}"


def describe_difference(difference: pd.Series[float], loss: str) -> str:
    """Return a difference with its confidence interval and p values, as far as they are known."""
    known = _interval(difference, loss)
    if np.isfinite(difference["p_corrected_t"]):
        known.append(f"corrected t-test {describe_p(difference['p_corrected_t'])}")
    if np.isfinite(difference["p_diebold_mariano"]):
        known.append(f"Diebold-Mariano test {describe_p(difference['p_diebold_mariano'])}")
    return f"{difference['score']:.2g}{_in_brackets(known)}"


def _interval(difference: pd.Series[float], loss: str) -> list[str]:
    of, _, low, high = _deciding_test(difference, loss)
    return [f"95 % confidence interval{of} {low:.2g} to {high:.2g}"] if np.isfinite(low) else []


def _standard_error(difference: pd.Series[float], loss: str) -> str:
    of, error, *_ = _deciding_test(difference, loss)
    return f"one standard error of the difference{of} ({error:.2g})"


def _reservation(difference: pd.Series[float], loss: str) -> str:
    includes_zero = _deciding_test(difference, loss).low <= 0
    return ", although the confidence interval includes zero" if includes_zero else ""


def _deciding_test(difference: pd.Series[float], loss: str) -> _Test:
    if np.isfinite(difference["standard_error"]):
        return _Test("", *difference[["standard_error", "low", "high"]])
    names = ["loss_standard_error", "loss_low", "loss_high"]
    return _Test(f" in '{loss}'", *difference[names])


def _in_brackets(texts: Sequence[str]) -> str:
    return f" ({', '.join(texts)})" if texts else ""


def describe_p(p_value: float) -> str:
    """Return a p value with two digits, or that it is below 0.001."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def describe_incomplete(runs: pd.DataFrame) -> str:
    """Return how many rows have incomplete windows at most; "" if none have."""
    told = {
        "n_omitted": "left out of each fit: up to {} with incomplete windows",
        "n_incomplete": "scored with filled lags: up to {} of each test set",
    }
    largest = {column: runs[column].max() for column in told if column in runs}
    sentences = [told[c].format(describe_size(n, "row")) for c, n in largest.items() if n > 0]
    return "; ".join(sentences)


def describe_leaks(runs: pd.DataFrame) -> str:
    """Return which models have the target among their inputs; "" if none have."""
    if "target_leak" not in runs:
        return ""
    leaky = runs.loc[runs["target_leak"], "model"].unique()
    listed = " and ".join(f"'{name}'" for name in leaky)
    return f"The target is among the inputs of {listed}: see TargetLeakWarning" if listed else ""


def describe_failures(runs: pd.DataFrame) -> str:
    """Return which models failed, how often, and the first error; "" if none did."""
    parts = []
    for name, of_model in runs.groupby("model", sort=False):
        errors = of_model["error"].dropna()
        if len(errors):
            reason = str(errors.iloc[0]).splitlines()[0]
            count = f"{len(errors)} of {len(of_model)} runs"
            parts.append(f"'{name}' failed in {count} and is excluded ({reason})")
    return "; ".join(parts)
