"""Networks read windows that know their rows: incomplete rows, series, and the same predictions."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    DenseRegressor,
    GRUClassifier,
    GRURegressor,
    LagRidge,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
)
from sklearn_rnn._sequences.training_data import series_of
from tests.nets import CLASSIFIERS, NETS

ROWS = np.random.default_rng(0).normal(size=(150, 2))
SHORT = {"max_epochs": 2, "random_state": 0, "dtype": "float64"}
KINDS = ["days", "gap", "panel", "interleaved"]


def table_of(kind):
    days = pd.date_range("2020-01-01", periods=153)
    index = {
        "days": days[:150],
        "gap": days.delete([90, 91, 92]),
        "panel": pd.MultiIndex.from_product([["A", "B", "C"], days[:50]]),
        "interleaved": pd.MultiIndex.from_product([days[:50], ["A", "B", "C"]]),
    }
    return pd.DataFrame(ROWS, index[kind], ["a", "b"])


def windows_of(kind, **given):
    return LagTransformer(**{"n_lags": 6, "lag_unit": "time", **given}).fit_transform(
        table_of(kind)
    )


def targets_of(net, n=150):
    """Return labels for a classifier, numbers for a regressor."""
    y = np.random.default_rng(1).normal(size=n)
    return (y > 0).astype(int) if net in CLASSIFIERS else y


def fitted(net, X, y, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return net(**{**SHORT, **given}).fit(X, y)


def responses(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_complete_windows_and_their_array_give_the_same_predictions(net, kind):
    W = windows_of(kind, delay=2)
    W, y = W[W.is_complete], targets_of(net)[W.is_complete]
    X = np.array(W)
    how = {"early_stopping": False}  # an array does not say which windows are the last
    model, other = fitted(net, W, y, **how), fitted(net, X, y, **how)
    np.testing.assert_allclose(responses(model, W), responses(other, X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(responses(model, X), responses(model, W), rtol=1e-6, atol=1e-8)
    assert (model.n_features_in_, model.n_channels_, model.n_steps_) == (2, 2, 6)
    assert model.n_rows_omitted_ == other.n_rows_omitted_ == 0
    some = np.random.default_rng(2).permutation(len(W))[:20]
    np.testing.assert_allclose(
        responses(model, W[some]), responses(model, W)[some], rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_incomplete_windows_are_not_fitted_but_predicted(net, kind):
    W, y = windows_of(kind, step=2, known_ahead=["b"]), targets_of(net)
    model = fitted(net, W, y)
    kept = W.is_complete
    assert model.n_rows_omitted_ == (~kept).sum() > 0
    alone = fitted(net, W[kept], y[kept])
    np.testing.assert_array_equal(responses(model, W), responses(alone, W))
    assert np.isfinite(responses(model, W)).all()
    assert len(model.predict(W)) == 150


@pytest.mark.parametrize("as_given", [list, np.array, pd.Series])
def test_y_and_weights_follow_whatever_they_are(as_given):
    W, y = windows_of("gap"), targets_of(LSTMRegressor)
    weight = np.random.default_rng(3).random(150)
    model = LSTMRegressor(**SHORT, early_stopping=False)
    kept = W.is_complete
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = model.fit(W[kept], y[kept], weight[kept]).predict(W)
        found = model.fit(W, as_given(y), as_given(weight)).predict(W)
        np.testing.assert_array_equal(found, expected)
        two = model.fit(W, pd.DataFrame({"p": y, "q": -y})).predict(W)
        assert two.shape == (150, 2)


def test_targets_of_each_step_follow():
    W = windows_of("days")
    y = np.asarray(W)[:, :, 0] * 2
    model = fitted(GRURegressor, W, y, return_sequences=True)
    kept = W.is_complete
    alone = fitted(GRURegressor, W[kept], y[kept], return_sequences=True)
    np.testing.assert_array_equal(model.predict(W), alone.predict(W))
    assert model.n_rows_omitted_ == 6


def test_validation_rows_that_are_incomplete_are_left_out_too():
    W, y = windows_of("days"), targets_of(LSTMRegressor)
    kept = W.is_complete
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model, alone = (LSTMRegressor(**SHORT) for _ in range(2))
        model.fit(W[50:], y[50:], X_val=W[:50], y_val=y[:50])
        alone.fit(W[50:], y[50:], X_val=W[:50][kept[:50]], y_val=y[:50][kept[:50]])
    assert model.validation_loss_curve_ == alone.validation_loss_curve_
    assert model.n_rows_omitted_ == 0


@pytest.mark.parametrize("net", [LSTMRegressor, DenseRegressor])
def test_missing_values_do_not_make_a_window_incomplete(net):
    table = table_of("days")
    table.iloc[60] = np.nan
    W = LagTransformer(6).fit_transform(table)
    model = fitted(net, W, targets_of(net))
    assert model.n_rows_omitted_ == 6
    assert model.missing_channels_.tolist() == [0, 1]


def test_without_a_complete_window_the_error_names_lags_and_remedy():
    W, y = windows_of("days", n_lags=20, delay=3), targets_of(LSTMRegressor)
    model = LSTMRegressor()
    text = r"^No window of X is complete: each of the 10 .* n_lags=20, delay=3 and step=1\. Give"
    with pytest.raises(ValueError, match=text):
        model.fit(W[:10], y[:10])
    assert not hasattr(model, "net_")
    with pytest.raises(ValueError, match=r"X_val and y_val cannot be used.*No window of X"):
        model.fit(W[30:], y[30:], X_val=W[:10], y_val=y[:10])
    with pytest.raises(ValueError, match="y has 140 samples, but X has 150"):
        model.fit(W, y[:140])
    with pytest.raises(ValueError, match="sample_weight has 140 samples, but X has 150"):
        model.fit(W, y, np.ones(140))


def held_out(net, fit):
    """Return the targets of training rows and of held-out rows, when a spy on `net` is fitted."""
    seen = []

    class Spy(net):
        def _hold_out(self, rows, data, rng):
            parts = super()._hold_out(rows, data, rng)
            seen.extend(data.target[part].ravel().astype(int) for part in parts)
            return parts

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit(Spy(**SHORT, early_stopping=True))
    return seen


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["array", "series", "transformed"])
def test_the_last_rows_of_each_series_are_held_out_whatever_y_is(kind, target):
    table, y = table_of(kind), np.arange(150)  # tells the row
    given = pd.Series(y, table.index) if target == "series" else y

    def fit(spy):
        model = make_pipeline(LagTransformer(6), spy)
        if target == "transformed":
            model = TransformedTargetRegressor(model, func=np.copy, inverse_func=np.copy)
        model.fit(table, given)

    kept, held = held_out(LSTMRegressor, fit)
    series = windows_of(kind).series
    assert np.ptp(np.bincount(series[held])) <= 1
    for number in range(series.max() + 1):
        before, after = (part[series[part] == number] for part in (kept, held))
        assert before.max() < after.min()


def test_the_last_rows_by_time_are_held_out_of_windows_in_any_order():
    W, order = windows_of("days"), np.random.default_rng(4).permutation(150)
    kept, held = held_out(LSTMRegressor, lambda spy: spy.fit(W[order], np.arange(150)[order]))
    assert kept.max() < held.min()
    assert len(held) == 15


def test_classifiers_hold_out_the_last_windows_of_a_series():
    y = np.append(np.arange(145) % 2, [0, 1, 1, 0, 1])
    kept, held = held_out(LSTMClassifier, lambda spy: spy.fit(windows_of("days"), y))
    np.testing.assert_array_equal(held, y[-15:])
    np.testing.assert_array_equal(kept, y[6:-15])


def test_a_class_that_only_the_last_windows_have_stays_in_training():
    y = np.repeat([0, 1, 2], [70, 75, 5])
    kept, held = held_out(LSTMClassifier, lambda spy: spy.fit(windows_of("days"), y))
    assert set(kept) == {0, 1, 2}
    assert set(held) == {1}


def test_searches_and_folds_take_windows_as_themselves():
    W, y = windows_of("interleaved"), targets_of(LSTMRegressor)
    model, cv = GRURegressor(**SHORT, lr_schedule="cosine"), TimeSeriesSplit(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        here = cross_val_score(model, W, y, cv=cv)
        there = cross_val_score(model, W, y, cv=cv, n_jobs=2)
        by_pipeline = GridSearchCV(
            make_pipeline(LagTransformer(6, lag_unit="time"), model),
            {"gruregressor__hidden_size": [4, 32]},
            cv=[(np.arange(150), np.arange(150))],
            n_jobs=2,
        ).fit(table_of("interleaved"), y)
    np.testing.assert_array_equal(here, there)
    whole = fitted(GRURegressor, W, y, lr_schedule="cosine").score(W, y)
    scores = by_pipeline.cv_results_["mean_test_score"]
    np.testing.assert_allclose(scores[1], whole, rtol=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_series_of_an_index_are_held_out_alike_wherever_the_times_stand(level):
    index = pd.MultiIndex.from_product([list("ABCD"), pd.date_range("2024", periods=50)])
    groups = series_of(None, pd.Series(0.0, index=index))
    swapped = pd.Series(0.0, index=index.swaplevel() if level == 0 else index)
    np.testing.assert_array_equal(series_of(None, swapped), groups)
    numbers = pd.MultiIndex.from_product([list("ABCD"), range(50)])
    swapped = pd.Series(0.0, index=numbers.swaplevel() if level == 0 else numbers)
    np.testing.assert_array_equal(series_of(None, swapped), groups)


@pytest.mark.parametrize("newest_class", [2, None])
def test_the_last_samples_of_each_class_are_held_out_where_the_last_are_all_of_a_class(
    newest_class,
):
    n = 600
    X = np.random.default_rng(0).normal(size=(n, 1))
    y = np.arange(n) // 30 if newest_class is None else np.arange(n) % 2
    if newest_class is not None:
        y[-60:] = newest_class
    net = GRUClassifier(max_epochs=1, lr_schedule="cosine", early_stopping=True, random_state=0)
    fitted = make_pipeline(LagTransformer(3), net).fit(X, y)
    assert len(fitted[-1].classes_) == len(np.unique(y))


def test_no_windows_are_refused_as_scikit_learn_refuses_no_samples():
    windows = LagTransformer(2).fit_transform(np.arange(30.0)[:, np.newaxis])
    net = GRURegressor(max_epochs=1, lr_schedule="cosine").fit(windows, np.arange(30.0))
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        net.predict(windows[:0])


def test_channels_in_another_order_are_refused_by_their_names():
    y = targets_of(LSTMRegressor)
    table = table_of("days")
    W, swapped = (LagTransformer(3).fit_transform(X) for X in (table, table[["b", "a"]]))
    for model in (fitted(GRURegressor, W, y), LagRidge().fit(W, y)):
        text = rf"\['b', 'a'\], but {type(model).__name__} was fitted on \['a', 'b'\]; give"
        with pytest.raises(ValueError, match=f"^X has the channels {text}"):
            model.predict(swapped)
        np.testing.assert_array_equal(model.predict(np.asarray(W)), model.predict(W))


@pytest.mark.parametrize("kind", ["days", "panel"])
def test_columns_named_by_lags_hold_out_the_last_rows_in_classification(kind):
    lags = LagTransformer(3, flatten=True).set_output(transform="pandas")
    table = lags.fit_transform(table_of(kind))
    y = pd.Series(np.arange(150) // 10 % 2, table.index)
    net = {"early_stopping": True, "validation_fraction": 0.2}
    model = fitted(GRUClassifier, table, y, **net)
    size = 30 if kind == "days" else 10
    block = 150 if kind == "days" else 50
    is_held = np.arange(150) % block >= block - size  # the last rows of each series
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        given = GRUClassifier(**SHORT, **net).fit(
            table[~is_held], y[~is_held], X_val=table[is_held], y_val=y[is_held]
        )
    np.testing.assert_allclose(
        model.validation_loss_curve_, given.validation_loss_curve_, rtol=1e-12
    )
    plain = fitted(GRUClassifier, table.to_numpy(), y, n_channels=2, **net)
    assert plain.validation_loss_curve_ != model.validation_loss_curve_  # random rows
