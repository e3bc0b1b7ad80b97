"""The losses of single rows, whatever the shape of y and of the prediction."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss as mean_log_loss
from sklearn.model_selection import KFold
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier

from sklearn_rnn.model_selection import compare_models
from sklearn_rnn.model_selection._pointwise_losses import LOSSES, log_loss
from tests.model_selection.examples import LINEAR

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = X[:, 0] + 0.3 * RNG.normal(size=80)


@pytest.mark.parametrize(
    "as_column", [lambda y: y[:, np.newaxis], lambda y: pd.DataFrame({"y": y})]
)
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_a_column_of_targets_is_the_same_as_a_row(as_column, loss):
    models = {"ols": LinearRegression(), "ridge": Ridge(5.0)}
    row, column = (compare_models(models, X, y, cv=4, loss=loss) for y in (Y, as_column(Y)))
    pd.testing.assert_frame_equal(column.losses, row.losses)
    pd.testing.assert_series_equal(
        column.difference("ols", "ridge"), row.difference("ols", "ridge")
    )


# scikit-learn warns of the column, which is the subject.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("loss", ["zero_one", "log_loss"])
def test_a_column_of_labels_is_the_same_as_a_row(loss):
    models = {"logistic": LogisticRegression()}
    labels = np.array(["no", "yes"])[(Y > 0).astype(int)]
    row, column = (
        compare_models(models, X, y, cv=[(np.arange(60), np.arange(60, 80))], loss=loss)
        for y in (labels, labels[:, np.newaxis])
    )
    pd.testing.assert_frame_equal(column.losses, row.losses)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "zero_one"])
def test_every_mix_of_row_and_column_is_understood(name):
    loss, _ = LOSSES[name]
    y, prediction = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 1.0])
    expected = loss(y, prediction, None)
    assert expected.shape == (3,)
    for truth in (y, y[:, np.newaxis]):
        for predicted in (prediction, prediction[:, np.newaxis]):
            np.testing.assert_array_equal(loss(truth, predicted, None), expected)
    text = "y has the shape (3, 2), but the prediction (3,)"
    with pytest.raises(ValueError, match=re.escape(text)):
        loss(np.column_stack([y, y]), prediction, None)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, random_state=0),
        MultiOutputClassifier(LogisticRegression()),
        KNeighborsClassifier(),
    ],
)
def test_probabilities_of_several_labels_may_come_as_a_list(model):
    labels = np.column_stack([Y > 0, X[:, 1] > 0]).astype(int)
    cv = [(np.arange(60), np.arange(60, 80))]
    comparison = compare_models({"model": model}, X, labels, cv=cv, scoring="roc_auc", seeds=1)
    assert comparison.failures["model"] == 0
    fitted = model.fit(X[:60], labels[:60])
    each = [
        mean_log_loss(labels[60:, k], p, labels=[0, 1])
        for k, p in enumerate(fitted.predict_proba(X[60:]))
    ]
    np.testing.assert_allclose(comparison.losses["model"].mean(), np.mean(each))


def test_a_list_of_one_label_is_that_label():
    p = np.array([[0.2, 0.8], [0.9, 0.1]])
    y = np.array([[1], [1]])
    np.testing.assert_allclose(log_loss(y, [p], [[0, 1]]), -np.log([0.8, 0.1]))


def test_losses_that_are_not_one_a_row_fail_that_run_alone(monkeypatch):
    class Short(LinearRegression):
        def predict(self, X):
            return super().predict(X)[:-1]

    comparison = compare_models({"short": Short(), "ols": LinearRegression()}, X, Y, cv=4)
    assert list(comparison.failures) == [4, 0]
    monkeypatch.setitem(LOSSES, "squared_error", (lambda y, p, _: np.zeros(3), "predict"))
    text = "All runs of all models failed; the first, of 'ols', with ValueError: got 3 losses for"
    with pytest.raises(ValueError, match=text):
        compare_models({"ols": LinearRegression()}, X, Y, cv=4)


def test_a_score_of_probabilities_takes_the_log_loss_of_rows():
    y = np.where(Y > 0.5, "up", np.where(Y < -0.5, "down", "flat"))
    models = {"prior": DummyClassifier(), "logistic": LogisticRegression()}
    cv = KFold(4)
    comparison = compare_models(models, X, y, cv=cv, scoring="neg_log_loss")
    assert comparison.loss == "log_loss"
    for train, test in cv.split(X):
        model = LogisticRegression().fit(X[train], y[train])
        expected = mean_log_loss(y[test], model.predict_proba(X[test]), labels=model.classes_)
        np.testing.assert_allclose(comparison.losses["logistic"][test].mean(), expected)


def test_a_label_unseen_in_training_is_as_bad_as_can_be():
    y = np.array(["a", "b"] * 10 + ["c"] * 10)
    comparison = compare_models(
        {"prior": DummyClassifier()}, X[:30], y, cv=[(np.arange(20), np.arange(20, 30))],
        loss="log_loss",
    )  # fmt: skip
    np.testing.assert_allclose(comparison.losses["prior"], -np.log(np.finfo(float).eps))


def test_several_targets_are_averaged_in_a_row():
    y = np.column_stack([Y, 10 * Y])
    comparison = compare_models({"mean": DummyRegressor()}, X, y, cv=[(range(40), range(40, 80))])
    expected = ((y[40:] - y[:40].mean(axis=0)) ** 2).mean(axis=1)
    np.testing.assert_allclose(comparison.losses["mean"], expected)


def test_absolute_scores_take_absolute_losses():
    comparison = compare_models(LINEAR, X, Y, scoring="neg_median_absolute_error")
    assert comparison.loss == "absolute_error"
