"""Inside scikit-learn: pipelines, searches, ensembles, pickles, routing; and what nets learn."""

import pickle
import re

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # lets halving searches be imported
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    learning_curve,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
    make_ar,
)
from tests.nets import NETS, few_epochs

# scikit-learn 1.6 calls SciPy 1.16 so.
pytestmark = pytest.mark.filterwarnings("ignore:scipy.optimize. The `disp`:DeprecationWarning")

RNG = np.random.default_rng(0)
N = 60
FLAT = RNG.normal(size=(N, 6))
X = FLAT.reshape(N, 3, 2)
Y = FLAT[:, 4] - FLAT[:, 3]
LABELS = np.where(Y > 0, "up", "down")
SERIES = pd.DataFrame(RNG.normal(size=(N, 2)).cumsum(axis=0), columns=["price", "volume"])

SIZES = {"hidden_size": 4, "num_channels": 4, "hidden_layer_sizes": (4,)}
each_net = pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)
QUICK = {
    "max_epochs": 2,
    "lr_schedule": "cosine",
    "learning_rate": 0.05,
    "random_state": 0,
    "device": "cpu",
}


def quick(cls, **parameters):
    """Return a small net that trains for a moment and does not warn."""
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    return cls(**{**sizes, **QUICK, **parameters})


def targets(estimator):
    return LABELS if is_classifier(estimator) else Y


def raw_output(estimator, data=X):
    return getattr(estimator, "predict_proba", estimator.predict)(data)


# --- pipelines and searches ----------------------------------------------------------------------


def pipeline(cls=LSTMRegressor):
    return make_pipeline(
        StandardScaler().set_output(transform="pandas"), LagTransformer(3), quick(cls)
    )


@each_net
def test_a_grid_search_over_lags_and_sizes_sees_the_true_past_at_every_split(cls):
    name = cls.__name__.lower()
    grid = {"lagtransformer__n_lags": [1, 3], f"{name}__learning_rate": [0.01, 0.05]}
    search = GridSearchCV(pipeline(cls), grid, cv=TimeSeriesSplit(3), error_score="raise")
    y = targets(cls())
    search.fit(SERIES, y)
    train, test = list(TimeSeriesSplit(3).split(SERIES))[1]
    by_hand = clone(pipeline(cls)).set_params(**search.cv_results_["params"][3])
    score = by_hand.fit(SERIES.iloc[train], y[train]).score(SERIES.iloc[test], y[test])
    assert search.cv_results_["split1_test_score"][3] == score
    assert_array_equal(
        search.predict(SERIES), clone(search.best_estimator_).fit(SERIES, y).predict(SERIES)
    )


# the search is tried, not the fits
@few_epochs
def test_a_randomized_search_works():
    space = {"hidden_size": range(2, 6), "optimizer": ["adam", "lbfgs"]}
    search = RandomizedSearchCV(
        quick(LSTMRegressor), space, n_iter=3, cv=KFold(2), random_state=0, error_score="raise"
    )
    search.fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.hidden_size == search.best_params_["hidden_size"]


def test_a_halving_search_works():
    search = HalvingGridSearchCV(
        quick(DenseRegressor),
        {"hidden_layer_sizes": [(), (2,), (4,)], "learning_rate": [0.01, 0.1]},
        cv=KFold(2),
        random_state=0,
        min_resources=20,
        error_score="raise",
    )
    search.fit(X, Y)
    assert search.n_resources_[0] < search.n_resources_[-1]
    assert search.n_iterations_ == 2


@pytest.mark.parametrize("cls", [LSTMRegressor, LSTMClassifier])
def test_cross_val_predict_is_a_fit_for_each_fold(cls):
    method = "predict_proba" if is_classifier(cls()) else "predict"
    together = cross_val_predict(quick(cls), X, targets(cls()), cv=KFold(3), method=method)
    for train, test in KFold(3).split(X):
        net = quick(cls).fit(X[train], targets(cls())[train])
        assert_array_equal(together[test], raw_output(net, X[test]))


def test_a_learning_curve_rises():
    sizes, train_scores, test_scores = learning_curve(
        quick(DenseRegressor, hidden_layer_sizes=(), optimizer="lbfgs", max_epochs=20),
        FLAT,
        Y + 0.5 * RNG.normal(size=N),
        train_sizes=[10, 45],
        cv=4,
        error_score="raise",
    )
    assert list(sizes) == [10, 45]
    assert test_scores[1].mean() > test_scores[0].mean()
    assert (train_scores > test_scores).any()


def test_named_columns_on_the_way_change_nothing():
    with_names = pipeline().fit(SERIES, Y).predict(SERIES)
    without = make_pipeline(StandardScaler(), LagTransformer(3), quick(LSTMRegressor))
    assert_allclose(without.fit(SERIES.to_numpy(), Y).predict(SERIES.to_numpy()), with_names)
    everywhere = pipeline().set_output(transform="pandas").fit(SERIES, Y)
    assert_array_equal(everywhere.predict(SERIES), with_names)


@each_net
def test_flat_windows_with_n_channels_are_windows(cls):
    steps = make_pipeline(LagTransformer(3), quick(cls))
    flat = make_pipeline(LagTransformer(3, flatten=True), quick(cls, n_channels=2))
    flat.set_output(transform="pandas")
    y = targets(cls())
    # A table does not tell which rows are incomplete, so their weight is zero here.
    weight = {f"{flat.steps[-1][0]}__sample_weight": 1.0 * (np.arange(len(SERIES)) >= 3)}
    assert_allclose(
        raw_output(flat.fit(SERIES, y, **weight), SERIES), raw_output(steps.fit(SERIES, y), SERIES)
    )
    assert list(flat[-1].feature_names_in_[:2]) == ["price_lag3", "volume_lag3"]


# --- copies --------------------------------------------------------------------------------------


@each_net
@pytest.mark.parametrize("way", ["pickle", "joblib"])
def test_a_round_trip_keeps_every_bit(cls, way, tmp_path):
    net = quick(cls, early_stopping=True)
    net.fit(X, targets(net))
    if way == "pickle":
        copy = pickle.loads(pickle.dumps(net))
    else:
        joblib.dump(net, tmp_path / "net.joblib")
        copy = joblib.load(tmp_path / "net.joblib")
    assert_array_equal(raw_output(copy), raw_output(net))
    assert copy.loss_curve_ == net.loss_curve_
    assert copy.validation_loss_curve_ == net.validation_loss_curve_
    assert list(copy.net_.history) == list(net.net_.history)
    assert_array_equal(raw_output(clone(copy).fit(X, targets(net))), raw_output(net))


def test_a_pipeline_with_a_net_survives_a_pickle():
    fitted = pipeline().fit(SERIES, Y)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(SERIES), fitted.predict(SERIES))


# --- ensembles and other meta-estimators ---------------------------------------------------------


def test_stacking():
    members = [("net", quick(LSTMRegressor)), ("ridge", Ridge())]
    stack = StackingRegressor(members, final_estimator=LinearRegression(), cv=3).fit(FLAT, Y)
    inner = cross_val_predict(quick(LSTMRegressor), FLAT, Y, cv=3)
    assert_allclose(
        stack.final_estimator_.coef_,
        LinearRegression()
        .fit(np.column_stack([inner, cross_val_predict(Ridge(), FLAT, Y, cv=3)]), Y)
        .coef_,
    )
    assert stack.score(FLAT, Y) > 0.9


def test_bagging():
    bag = BaggingRegressor(quick(LSTMRegressor, n_channels=2), n_estimators=3, random_state=0)
    bag.fit(FLAT, Y)
    single = [
        net.predict(FLAT[:, features])
        for net, features in zip(bag.estimators_, bag.estimators_features_, strict=True)
    ]
    assert_allclose(bag.predict(FLAT), np.mean(single, axis=0))
    assert np.ptp(single, axis=0).max() > 0


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_voting(voting):
    members = [("net", quick(LSTMClassifier)), ("logit", LogisticRegression())]
    vote = VotingClassifier(members, voting=voting, weights=[1, 2]).fit(FLAT, LABELS)
    assert set(vote.predict(FLAT)) <= {"up", "down"}
    if voting == "soft":
        net, logit = (m.predict_proba(FLAT) for m in vote.estimators_)
        assert_allclose(vote.predict_proba(FLAT), (net + 2 * logit) / 3)


def test_a_net_for_each_of_several_targets():
    y = np.column_stack([Y, -(Y**2)])
    each = MultiOutputRegressor(quick(LSTMRegressor)).fit(FLAT, y)
    for j in range(2):
        assert_array_equal(
            each.predict(FLAT)[:, j], quick(LSTMRegressor).fit(FLAT, y[:, j]).predict(FLAT)
        )


def test_a_transformed_target():
    y = np.exp(Y)
    net = TransformedTargetRegressor(quick(LSTMRegressor), func=np.log, inverse_func=np.exp)
    assert_allclose(net.fit(X, y).predict(X), np.exp(quick(LSTMRegressor).fit(X, Y).predict(X)))


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(method):
    calibrated = CalibratedClassifierCV(quick(LSTMClassifier), method=method, cv=3).fit(
        FLAT, LABELS
    )
    proba = calibrated.predict_proba(FLAT)
    assert_allclose(proba.sum(axis=1), 1.0)
    assert_array_equal(calibrated.classes_, ["down", "up"])


# forty iterations are enough to rank the columns
@few_epochs
def test_the_importance_of_flat_windows_finds_the_lags_that_matter():
    names = [f"{c}_lag{k}" for k in (3, 2, 1) for c in ("price", "volume")]
    frame = pd.DataFrame(FLAT, columns=names)
    net = quick(LSTMRegressor, n_channels=2, optimizer="lbfgs", max_epochs=40).fit(frame, Y)
    importance = permutation_importance(net, frame, Y, n_repeats=5, random_state=0)
    ranking = [names[i] for i in np.argsort(-importance.importances_mean)]
    assert set(ranking[:2]) == {"price_lag1", "volume_lag2"}
    assert importance.importances_mean.min() > -0.1


# --- weights by metadata routing -----------------------------------------------------------------


@pytest.mark.parametrize("cls", [DenseRegressor, DenseClassifier])
def test_weights_are_routed_through_a_pipeline_and_a_search(cls):
    weight = RNG.integers(0, 4, size=N).astype(float)
    y, step = targets(cls()), cls.__name__.lower()
    with config_context(enable_metadata_routing=True):
        net = quick(cls).set_fit_request(sample_weight=True)
        scorer = get_scorer("accuracy" if is_classifier(net) else "r2")
        scorer.set_score_request(sample_weight=True)
        steps = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net)
        search = GridSearchCV(
            steps, {f"{step}__learning_rate": [0.01, 0.05]}, cv=KFold(2), scoring=scorer
        )
        search.fit(FLAT, y, sample_weight=weight)
    scaled = StandardScaler().fit_transform(FLAT)
    rate = search.best_params_[f"{step}__learning_rate"]
    expected = quick(cls, learning_rate=rate).fit(scaled, y, sample_weight=weight)
    assert_array_equal(raw_output(search, FLAT), raw_output(expected, scaled))
    train, test = next(KFold(2).split(FLAT))
    scaler = StandardScaler().fit(FLAT[train])
    first = quick(cls, learning_rate=0.01)
    first.fit(scaler.transform(FLAT[train]), y[train], sample_weight=weight[train])
    score = first.score(scaler.transform(FLAT[test]), y[test], sample_weight=weight[test])
    assert search.cv_results_["split0_test_score"][0] == pytest.approx(score)


def test_validation_data_are_routed_if_they_are_asked_for():
    with config_context(enable_metadata_routing=True):
        net = quick(DenseRegressor).set_fit_request(X_val=True, y_val=True)
        steps = make_pipeline("passthrough", net).fit(X, Y, X_val=X[:9], y_val=Y[:9])
    expected = quick(DenseRegressor).fit(X, Y, X_val=X[:9], y_val=Y[:9])
    assert steps[-1].validation_loss_curve_ == expected.validation_loss_curve_


# --- summary -------------------------------------------------------------------------------------


def test_the_summary_of_a_small_net(capsys):
    quick(DenseRegressor, hidden_layer_sizes=(40,), activation="tanh").fit(X, Y).summary()
    assert capsys.readouterr().out == (
        "layer         type     output   parameters\n"
        "layers.0      Linear   (*, 40)         280\n"
        "head.dropout  Dropout  (*, 40)           0\n"
        "head.linear   Linear   (*, 1)           41\n"
        "total         Dense                    321\n"
    )


@each_net
def test_the_summary_counts_every_parameter_and_trains_nothing(cls, capsys):
    net = quick(cls, **({"num_layers": 2} if "num_layers" in cls().get_params() else {}))
    net.fit(X, targets(net))
    before = raw_output(net)
    net.summary()
    _, *layers, total = capsys.readouterr().out.splitlines()
    counts = [int(re.search(r"[\d,]+$", line).group().replace(",", "")) for line in layers]
    assert sum(counts) == net.n_parameters_
    assert total.split()[-1] == f"{net.n_parameters_:,}"
    assert_array_equal(raw_output(net), before)


# --- what nets learn -----------------------------------------------------------------------------

PRODUCTS = np.random.default_rng(1).normal(size=(500, 4, 2))
PRODUCT = PRODUCTS[:, -1, 0] * PRODUCTS[:, -2, 1]


def test_a_linear_model_cannot_learn_a_product_of_two_steps():
    flat = PRODUCTS.reshape(500, -1)
    linear = LinearRegression().fit(flat[:300], PRODUCT[:300])
    assert linear.score(flat[300:], PRODUCT[300:]) < 0.1
    logistic = LogisticRegression().fit(flat[:300], PRODUCT[:300] > 0)
    assert logistic.score(flat[300:], PRODUCT[300:] > 0) < 0.6


@each_net
def test_every_architecture_learns_a_product_of_two_steps(cls):
    net = cls(max_epochs=60, learning_rate=0.02, batch_size=32, lr_schedule="cosine")
    net.set_params(random_state=0, alpha=1e-4, early_stopping=False)
    y = PRODUCT > 0 if is_classifier(net) else PRODUCT
    score = net.fit(PRODUCTS[:300], y[:300]).score(PRODUCTS[300:], y[300:])
    assert score > (0.75 if is_classifier(net) else 0.7)


@pytest.mark.parametrize("cls", [cls for cls in NETS if not is_classifier(cls())])
def test_on_a_linear_autoregression_no_net_beats_the_linear_model_by_more_than_noise(cls):
    noise = np.random.default_rng(2).normal(size=1000)
    series = np.zeros(1000)
    for t in range(1, 1000):
        series[t] = 0.7 * series[t - 1] + noise[t]
    frame = pd.DataFrame({"x": series})
    train, test = frame[:600], frame[600:]
    net = cls(max_epochs=60, lr_schedule="cosine", learning_rate=0.005, random_state=0)
    models = make_ar(3), make_pipeline(LagTransformer(3), net)
    squares = [
        (model.fit(train, train["x"]).predict(test) - test["x"].to_numpy()) ** 2 for model in models
    ]
    gain = squares[0] - squares[1]
    assert gain.mean() < 2 * gain.std() / np.sqrt(len(gain))
    assert squares[1].mean() < 1.2 * squares[0].mean() < 1.5
