"""The time that a run of benchmarks says it takes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from benchmarks.harness.cache import Cache
from benchmarks.harness.progress import Progress, costs_of, duration, remaining
from benchmarks.harness.runner import Model, Task, run

N_CHEAP, N_DEAR, DEAR = 190, 10, 20.0  # fits, and the seconds of one that is dear


class Clock:
    """A bar's clock that is set by hand."""

    def __init__(self, progress):
        self.now = 0.0
        progress.bar = self
        self.told = []

    @property
    def format_dict(self):
        return {"elapsed": self.now}

    def set_postfix_str(self, text, refresh):
        self.told.append(text)

    def update(self, cost):
        pass

    def close(self):
        pass


@pytest.mark.parametrize("slower", [0.5, 1.0, 3.0])
def test_time_left_does_not_jump_where_cheap_fits_come_first(slower):
    costs = [0.01] * N_CHEAP + [DEAR] * N_DEAR
    progress = Progress(sum(costs), 1, known=True)
    progress.bar.close()
    clock, errors, left = Clock(progress), [], sum(costs)
    clock.now = 8.0  # that processes take to start
    for cost in costs:
        clock.now += slower * cost
        left -= cost
        progress.advance(cost, "fit")
        told = remaining(progress.left, progress.done, clock.now, 1, progress.trust)
        errors.append(told / max(slower * left, 1e-9))
    assert max(errors[:-1]) < 3.5
    assert min(errors[:-1]) > 0.3
    assert clock.told[0].startswith("about 4 min left") or slower != 1.0


def test_what_comes_from_the_cache_says_nothing_about_the_speed():
    fresh, cached = (Progress(100.0, 1, known=True) for _ in range(2))
    for progress in (fresh, cached):
        progress.bar.close()
        Clock(progress).now = 0.0
    fresh.advance(50.0, "fit")
    cached.advance(50.0, "fit", cached=True)
    left = [remaining(p.left, p.done, 0.0, 1, p.trust) for p in (fresh, cached)]
    assert left[1] == 50.0 > left[0]


def test_without_costs_the_clock_decides():
    assert remaining(30, 0, 5, 2, 0.0) == 0.0
    assert remaining(30, 10, 5, 2, 0.0) == pytest.approx(15.0)
    words = {0: "0 s", 4: "10 s", 34: "30 s", 89: "90 s", 91: "2 min", 600: "10 min"}
    assert {seconds: duration(seconds) for seconds in words} == words


def test_costs_are_the_mean_seconds_of_a_file_of_results(tmp_path):
    path = tmp_path / "some.csv"
    assert costs_of(path) == {}
    rows = ["task,model,seed,fit_seconds,predict_seconds", "a,net,0,1.0,0.5", "a,net,1,3.0,0.5"]
    path.write_text("\n".join([*rows, "b,ols,,0.1,0.0"]) + "\n", encoding="utf-8")
    assert costs_of(path) == {("a", "net"): 2.5, ("b", "ols"): 0.1}


@pytest.mark.parametrize("validate", ["none", "first", "every"])
def test_a_run_ends_at_what_it_was_expected_to_cost(validate, monkeypatch, capsys):
    made = []

    class Spy(Progress):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr("benchmarks.harness.runner.Progress", Spy)
    X = np.random.default_rng(0).normal(size=(50, 2))
    grid = {"alpha": [0.1, 1.0]}
    models = [Model("ridge", Ridge(), grid, seeded=True), Model("one", Ridge())]
    train = np.arange(50) < 40
    task = Task.split("task", X, X[:, 0], train, models, KFold(4), validate=validate)
    cache, costs = Cache(), {("task", "ridge"): 2.0, ("task", "one"): 1.0}
    run([task], seeds=[0, 1], cache=cache, n_jobs=1, costs=costs)
    run([task], seeds=[0, 1], cache=cache, n_jobs=1, costs=costs)
    search = 2 * 2.0 * 4 * 0.75
    on_folds = {"none": 0, "first": 2.0 + 1.0, "every": 2 * 2.0 + 1.0}[validate] * 4 * 0.75
    expected = search + 2 * 2.0 + 1.0 + on_folds
    assert [p.bar.total for p in made] == [expected] * 2
    assert [p.left for p in made] == pytest.approx([0.0, 0.0])
    assert [p.done for p in made] == pytest.approx([expected, 0.0])
    assert "About 20 s, 1 fits at a time." in capsys.readouterr().out or validate != "none"
