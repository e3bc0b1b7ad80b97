"""Learning-rate schedules that are a function of the progress of training."""

from __future__ import annotations

import math
from collections.abc import Callable


def constant(progress: float) -> float:
    """Return the factor 1: the learning rate is constant."""
    return 1.0


def cosine(progress: float) -> float:
    """Anneal along half a cosine from 1 to 0 (Loshchilov and Hutter, 2017)."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def one_cycle(progress: float, warm_up: float = 0.3, start: float = 0.04) -> float:
    """Rise from `start` to 1 during `warm_up`, then fall to 0, along cosines (Smith, 2018)."""
    if progress < warm_up:
        return start + (1.0 - start) * (1.0 - cosine(progress / warm_up))
    return cosine((progress - warm_up) / (1.0 - warm_up))


PLANNED: dict[str, Callable[[float], float]] = {"cosine": cosine, "onecycle": one_cycle}
"""Schedules that are a function of the fraction of ``max_epochs``, by name."""
