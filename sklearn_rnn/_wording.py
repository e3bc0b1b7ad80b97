"""The words in which a comparison of models speaks."""

from __future__ import annotations

import numpy as np
import pandas as pd


def describe_model(n: float) -> str:
    """Return a number of parameters in brackets; "" if it is not known."""
    if not np.isfinite(n):
        return ""
    return f" ({n:,.0f} parameter{'' if round(n) == 1 else 's'})"


def describe_difference(difference: pd.Series[float]) -> str:
    """Return a difference with what the tests say of it, as far as they could be made."""
    d = difference
    known = []
    if np.isfinite(d["low"]):
        known.append(f"95 % interval {d['low']:.2g} to {d['high']:.2g}")
    if np.isfinite(d["p_corrected_t"]):
        known.append(f"corrected t {describe_p(d['p_corrected_t'])}")
    if np.isfinite(d["p_diebold_mariano"]):
        known.append(f"Diebold-Mariano {describe_p(d['p_diebold_mariano'])}")
    return f"{d['score']:.2g}" + (f" ({', '.join(known)})" if known else "")


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
