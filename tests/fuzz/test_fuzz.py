"""The first cases of the fuzzer, and that it finds what is planted."""

import random
import re
import threading
import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.utils import check_array

from sklearn_rnn import make_ar
from tests.fuzz.cases import BASELINE, Cell, cells, containers_of, public_names, run_case, run_cell
from tests.fuzz.containers import CONTAINERS
from tests.fuzz.functions import FUNCTIONS
from tests.fuzz.outcome import Told, check_error, check_finite, named
from tests.fuzz.report import PATH, text_of
from tests.fuzz.unchanged import Surprise, unchanged

N_CASES, BLOCK = 360, 12


@pytest.mark.parametrize("start", range(0, N_CASES, BLOCK))
def test_cases_end_in_finite_results_or_an_error_that_names_an_argument(start):
    results = [run_case(index) for index in range(start, start + BLOCK)]
    assert [result for result in results if result.outcome == "surprise"] == []


def test_every_public_name_has_cases():
    classes = {
        name
        for name, thing in public_names().items()
        if isinstance(thing, type) and issubclass(thing, BaseEstimator)
    }
    assert classes | FUNCTIONS.keys() == {*public_names()}
    assert {cell.name for cell in cells()[: len(public_names())]} == {*public_names()}


def answers(name, container):
    return run_cell(Cell(name, container, BASELINE), 0).outcome == "answer"


@pytest.mark.parametrize("name", public_names())
def test_every_public_name_answers_if_nothing_is_changed(name):
    containers = containers_of(name)
    rows = [c for c in ("index of times", "panel") if c in containers]  # read by most
    assert any(answers(name, container) for container in [*rows, *containers])


@pytest.mark.parametrize("container", sorted({*CONTAINERS} - {"polars LazyFrame"}))
def test_every_container_answers_if_nothing_is_changed(container):
    names = ["GRURegressor", "HierarchicalAttentionClassifier", "TextSequencer", "ARRegressor"]
    assert any(answers(name, container) for name in [*names, *public_names()])


def test_a_table_that_is_not_yet_read_is_refused_by_name():
    for name in ("GRURegressor", "ARRegressor", "compare_models"):
        told = run_cell(Cell(name, "polars LazyFrame", BASELINE), 0).told
        assert "X must hold its values; got a LazyFrame: give X.collect()." in told


def test_a_case_is_made_again_from_its_number():
    assert run_case(5) == run_case(5)


def start_thread():
    threading.Thread(target=threading.Event().wait, args=(2,), daemon=True).start()


X, TABLE, MODEL = np.zeros((3, 2)), pd.DataFrame({"a": [1.0, 2.0]}), Ridge()
CHANGES = {
    "X": lambda: X.__setitem__((0, 0), X[0, 0] + 1),
    "table": lambda: TABLE.insert(0, f"b{TABLE.shape[1]}", 1.0),
    "model": lambda: MODEL.set_params(alpha=MODEL.alpha + 1),
    "generator of random": random.random,
    "generator of numpy": lambda: np.random.mtrand._rand.random_sample(),
    "generator of torch": lambda: torch.rand(1),
    "warning filters": lambda: warnings.simplefilter("ignore"),
    "running threads": start_thread,
    "error state of numpy": lambda: np.seterr(all="ignore"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found(name):
    things = {"X": X, "table": TABLE, "model": MODEL}
    with (
        warnings.catch_warnings(),
        np.errstate(),
        pytest.raises(Surprise, match=f"^changed: {name}$"),
        unchanged(things),
    ):
        CHANGES[name]()
    with unchanged(things):
        pass


def test_grad_mode_is_looked_at():
    with torch.enable_grad(), pytest.raises(Surprise, match="grad mode"), unchanged({}):
        torch.set_grad_enabled(False)
    torch.set_grad_enabled(True)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ([1.0, np.nan], "is not finite"),
        ([1.0, np.inf], "is not finite"),
        ([1.0], "has 1 rows for 2 samples"),
    ],
)
def test_a_wrong_result_is_found(result, text):
    check_finite("predict(X)", np.array([1.0, 2.0]), 2)
    with pytest.raises(Surprise, match=text):
        check_finite("predict(X)", np.array(result), 2)


def raised(function):
    try:
        function()
    except Exception as error:
        return error


def test_errors_of_the_fuzzer_are_not_those_of_a_call():
    with pytest.raises(Told):
        named(make_ar(1).fit, [["a"]], [1.0])
    with pytest.raises(ValueError, match="of the fuzzer"):
        named(raise_error)
    with pytest.raises(TypeError, match="argument"):
        named(len, 1, 2)


def raise_error():
    raise ValueError("X: of the fuzzer")


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ValueError("n_lags must be at least 1"), True),
        (TypeError("X must be a table"), True),
        (ValueError("array must not contain infs or NaNs"), False),
        (KeyError("n_lags"), False),
        (ValueError("samples, columns, rows and steps do not fit"), False),
        (AttributeError("X has no columns"), False),
        (raised(lambda: check_array([["a"]], dtype="numeric")), True),  # scikit-learn's own
    ],
)
def test_an_error_must_name_an_argument(error, passes):
    with nullcontext() if passes else pytest.raises(Surprise):
        check_error(error, {"X", "n_lags"}, extreme=False)


def test_an_overflow_is_an_error_of_extreme_values_alone():
    check_error(OverflowError("too large"), {"X"}, extreme=True)
    with pytest.raises(Surprise):
        check_error(OverflowError("too large"), {"X"}, extreme=False)


def test_a_table_with_an_empty_cell_is_not_written():
    with pytest.raises(ValueError, match="cells have no case: give a larger N"):
        text_of([run_case(0)])


def test_the_committed_report_has_every_public_name_and_no_surprise():
    text = PATH.read_text(encoding="utf-8")
    assert re.search(r"^\*\*\d+ cases, 0 surprises\*\*", text, re.MULTILINE)
    assert {*public_names()} <= {*re.findall(r"^\| (\w+) \|", text, re.MULTILINE)}
