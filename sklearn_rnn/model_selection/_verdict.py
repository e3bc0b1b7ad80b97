"""The words in which a comparison of models speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

COMPLEXITY = "complexity"
"""The unit of a complexity that is not counted but given."""


class _Decisive(NamedTuple):
    """What the rule goes by: of the score, or of the loss where there is a single fold."""

    of: str
    error: float
    low: float
    high: float


def describe_verdict(comparison: Any, models: Sequence[str]) -> str:
    """Say in one or two sentences which of the models to take, and how near larger ones come."""
    frame, best, chosen = comparison.to_frame(), comparison.best, comparison.simplest_as_good()
    complexity = frame["complexity"].fillna(np.inf)
    named = {n: f"'{n}'{_in_brackets(_size(frame.loc[n]))}" for n in models}
    unknown = _unknown([n for n in models if not np.isfinite(complexity[n])], models)
    others = [n for n in models if n not in (best, chosen)]
    others.sort(key=lambda n: -frame["mean"][n])
    larger = [n for n in others if complexity[n] > complexity[chosen]]
    simpler = [n for n in others if complexity[n] < complexity[best]]
    mean, scoring, loss = f"{frame['mean'][best]:.3g}", comparison.scoring, comparison.loss
    if chosen != best:
        test = comparison.difference(best, chosen)
        return (
            f"Take {named[chosen]}: the best {scoring}, {mean} of {named[best]}, is "
            f"{describe_difference(test, loss)} higher, which is within "
            f"{_standard_error(test, loss)}"
            f"{_of_larger(comparison, larger, named, 'other larger')}{unknown}"
        )
    start = f"Take {named[best]}: its {scoring} of {mean} is the best"
    if not others:
        return start
    rival = (simpler or others)[0]
    test = comparison.difference(best, rival)
    start = f"{start}, by {describe_difference(test, loss)} over {named[rival]}"
    if not np.isfinite(complexity[models]).any():
        return f"{start}{unknown}"
    if not simpler:
        return f"{start}, and no model is simpler{unknown}"
    return (
        f"{start}, the best of the simpler models, which is beyond "
        f"{_standard_error(test, loss)}{_doubt(test, loss)}"
        f"{_of_larger(comparison, larger, named, 'larger')}{unknown}"
    )


def _of_larger(comparison: Any, models: Sequence[str], named: Mapping[str, str], kind: str) -> str:
    """Say by how much the first of the models leads the chosen one, or falls behind it."""
    if not models:
        return ""
    chosen, loss = comparison.simplest_as_good(), comparison.loss
    which = f"Of the {len(models)} {kind} models the best," if models[1:] else f"The {kind} model,"
    test = comparison.difference(models[0], chosen)
    does = "leads"
    if test["score"] <= 0:
        test, does = comparison.difference(chosen, models[0]), "falls behind"
    told = f"{test['score']:.2g}{_in_brackets(_interval(test, loss))}"
    return f". {which} {named[models[0]]}, {does} '{chosen}' by {told}"


def _unknown(of: Sequence[str], models: Sequence[str]) -> str:
    """Say of which models it is not known how simple they are, and what follows."""
    if not of:
        return ""
    if len(of) == len(models):
        return "; the complexity of these models is unknown, so that the best score decides"
    listed = " and ".join(f"'{name}'" for name in of)
    return f"; the complexity of {listed} is unknown and counts as the greatest"


def _size(model: pd.Series[Any]) -> list[str]:
    size = describe_size(model["complexity"], model["unit"])
    return [size] if size else []


def describe_size(n: float, unit: str) -> str:
    """Return by what a model is ordered, in its unit; "" if it is not known."""
    if not np.isfinite(n):
        return ""
    if unit == COMPLEXITY:
        return f"{unit} {n:,.6g}"
    return f"{n:,.0f} {unit}{'' if round(n) == 1 else 's'}"


def describe_difference(difference: pd.Series[float], loss: str) -> str:
    """Return a difference with what the tests say of it, as far as they could be made."""
    known = _interval(difference, loss)
    if np.isfinite(difference["p_corrected_t"]):
        known.append(f"corrected t {describe_p(difference['p_corrected_t'])}")
    if np.isfinite(difference["p_diebold_mariano"]):
        known.append(f"Diebold-Mariano {describe_p(difference['p_diebold_mariano'])}")
    return f"{difference['score']:.2g}{_in_brackets(known)}"


def _interval(difference: pd.Series[float], loss: str) -> list[str]:
    of, _, low, high = _decisive(difference, loss)
    return [f"95 % interval{of} {low:.2g} to {high:.2g}"] if np.isfinite(low) else []


def _standard_error(difference: pd.Series[float], loss: str) -> str:
    of, error, *_ = _decisive(difference, loss)
    return f"one standard error of the difference{of} ({error:.2g})"


def _doubt(difference: pd.Series[float], loss: str) -> str:
    return ", though the interval holds zero" if _decisive(difference, loss).low <= 0 else ""


def _decisive(difference: pd.Series[float], loss: str) -> _Decisive:
    if np.isfinite(difference["standard_error"]):
        return _Decisive("", *difference[["standard_error", "low", "high"]])
    names = ["loss_standard_error", "loss_low", "loss_high"]
    return _Decisive(f" in '{loss}'", *difference[names])


def _in_brackets(texts: Sequence[str]) -> str:
    return f" ({', '.join(texts)})" if texts else ""


def describe_p(p_value: float) -> str:
    """Return a p value with two digits, none where it is too small for them to matter."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def describe_failures(runs: pd.DataFrame) -> str:
    """Return which models failed, how often and the first reason; "" if none did."""
    parts = []
    for name, of_model in runs.groupby("model", sort=False):
        errors = of_model["error"].dropna()
        if len(errors):
            reason = str(errors.iloc[0]).splitlines()[0]
            count = f"{len(errors)} of {len(of_model)} runs"
            parts.append(f"'{name}' failed in {count} and is left out ({reason})")
    return "; ".join(parts)
