"""Schedules of the learning rate."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklearn_rnn._training.schedules import (
    PLANNED,
    constant,
    cosine,
    one_cycle,
)

GRID = np.linspace(0.0, 1.0, 1001)


def test_the_planned_schedules_are_named():
    assert {"cosine": cosine, "onecycle": one_cycle} == PLANNED


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (constant, {0.0: 1.0, 0.5: 1.0, 1.0: 1.0}),
        (cosine, {0.0: 1.0, 1 / 3: 0.75, 0.5: 0.5, 2 / 3: 0.25, 1.0: 0.0}),
        (one_cycle, {0.0: 0.04, 0.15: 0.52, 0.3: 1.0, 0.65: 0.5, 1.0: 0.0}),
    ],
)
def test_a_schedule_has_its_values_at_the_marks(schedule, values):
    assert_allclose([schedule(p) for p in values], list(values.values()), atol=1e-12)


@pytest.mark.parametrize("schedule", PLANNED.values(), ids=PLANNED)
def test_a_planned_schedule_is_continuous_and_within_bounds(schedule):
    values = np.array([schedule(p) for p in GRID])
    assert values.min() >= 0
    assert values.max() == pytest.approx(1)
    assert np.abs(np.diff(values)).max() < np.pi / 2 / 0.3 * 1.01 / 1000


def test_one_cycle_rises_during_the_warm_up_and_falls_afterwards():
    slopes = np.diff([one_cycle(p, warm_up=0.2) for p in GRID])
    assert (slopes[:200] > 0).all()
    assert (slopes[200:] < 0).all()


@pytest.mark.parametrize("start", [0.04, 0.5])
def test_one_cycle_begins_at_its_start(start):
    assert one_cycle(0.0, start=start) == start


def test_the_cosine_is_that_of_torch():
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    for step in range(10):
        assert scheduler.get_last_lr()[0] == pytest.approx(cosine(step / 10))
        optimizer.step()
        scheduler.step()
