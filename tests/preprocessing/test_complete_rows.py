"""Fits on complete rows against designs of lags made by hand, in place of a pipeline's."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import has_fit_parameter

from sklearn_rnn import CompleteRows, DenseRegressor, GRURegressor, LagTransformer, make_ar

RNG = np.random.default_rng(0)
N = 60
DAYS = pd.date_range("2024-01-01", periods=N)
FRAME = pd.DataFrame(RNG.normal(size=(N, 2)).cumsum(axis=0), DAYS, ["a", "b"])
Y = FRAME["a"] + RNG.normal(size=N)
WEIGHT = RNG.uniform(0.5, 2.0, N)
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def flat(n_lags=3, **given):
    return LagTransformer(n_lags, flatten=True, **given)


def table(given):
    """Return rows of a series, of a series with a gap, or of two series, and their targets."""
    if given == "array":
        return FRAME.to_numpy(), Y.to_numpy()
    if given == "gap":
        return FRAME.drop(DAYS[30]), Y.drop(DAYS[30])
    if given == "panel":
        keys = pd.MultiIndex.from_arrays([["s"] * 25 + ["t"] * 35, [*DAYS[:25], *DAYS[:35]]])
        return FRAME.set_axis(keys), Y.set_axis(keys)
    return FRAME, Y


def design(X, n_lags, delay, step):
    """Return the lags of the rows that have all of them, and which rows these are."""
    frame = pd.DataFrame(X)
    lags = range(delay + (n_lags - 1) * step, delay - 1, -step)
    if isinstance(frame.index, pd.MultiIndex):
        shifted = [frame.groupby(level=0).shift(lag) for lag in lags]
    elif isinstance(frame.index, pd.DatetimeIndex):
        shifted = [frame.asfreq("D").shift(lag).loc[frame.index] for lag in lags]
    else:
        shifted = [frame.shift(lag) for lag in lags]
    values = pd.concat(shifted, axis=1).to_numpy()
    complete = ~np.isnan(values).any(axis=1)
    return values[complete], complete


@pytest.mark.parametrize(
    ("given", "n_lags", "delay", "step"),
    list(itertools.product(["series", "array", "gap", "panel"], [1, 3], [0, 1, 4], [1, 2])),
)
def test_coefficients_are_least_squares_on_complete_lags(given, n_lags, delay, step):
    X, y = table(given)
    lags, complete = design(X, n_lags, delay, step)
    expected = LinearRegression().fit(lags, y[complete])
    pipeline = make_pipeline(flat(n_lags, delay=delay, step=step), LinearRegression())
    model = CompleteRows(pipeline).fit(X, y)
    np.testing.assert_allclose(model[-1].coef_, expected.coef_, **EXACT)
    np.testing.assert_allclose(model[-1].intercept_, expected.intercept_, **EXACT)
    np.testing.assert_allclose(model.predict(X)[complete], expected.predict(lags), **EXACT)
    assert model.n_rows_omitted_ == (~complete).sum()
    assert np.isfinite(model.predict(X)).all()


def test_rows_that_are_out_of_order_are_told_by_their_time():
    order = np.random.default_rng(1).permutation(N)
    model = CompleteRows(make_pipeline(flat(), LinearRegression()))
    coefficients = clone(model).fit(FRAME, Y)[-1].coef_
    with pytest.warns(UserWarning, match="decrease"):
        shuffled = model.fit(FRAME.iloc[order], Y.iloc[order])
    np.testing.assert_allclose(shuffled[-1].coef_, coefficients, **EXACT)


def test_a_missing_value_does_not_make_a_row_incomplete():
    X = FRAME.copy()
    X.iloc[20] = np.nan
    model = CompleteRows(make_pipeline(flat(), SimpleMeans(), LinearRegression())).fit(X, Y)
    assert model.n_rows_omitted_ == 3


class SimpleMeans(StandardScaler):
    """Puts zero for missing values."""

    def transform(self, X, copy=None):
        return np.nan_to_num(super().transform(X, copy))


def test_incomplete_rows_are_fitted_on_demand():
    pipeline = make_pipeline(flat(), LinearRegression())
    model = CompleteRows(pipeline, incomplete="fit").fit(FRAME, Y)
    np.testing.assert_array_equal(model.predict(FRAME), pipeline.fit(FRAME, Y).predict(FRAME))
    assert model.n_rows_omitted_ == 0


@pytest.mark.parametrize("y", [Y.to_numpy() > Y.median(), np.where(Y.median() < Y, "up", "down")])
def test_a_classifier_is_fitted_to_complete_rows(y):
    lags, complete = design(FRAME, 3, 1, 1)
    expected = LogisticRegression().fit(lags, y[complete])
    model = CompleteRows(make_pipeline(flat(), LogisticRegression())).fit(FRAME, y)
    assert model.classes_.tolist() == expected.classes_.tolist()
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        ours, theirs = getattr(model, method)(FRAME)[complete], getattr(expected, method)(lags)
        np.testing.assert_allclose(ours, theirs, **EXACT)
    assert sklearn.base.is_classifier(model)
    assert model.score(FRAME, y) == (model.predict(FRAME) == y).mean()


WEIGHTED = LinearRegression().fit(
    *(part[3:] for part in (np.pad(design(FRAME, 3, 1, 1)[0], ((3, 0), (0, 0))), Y)), WEIGHT[3:]
)


@pytest.mark.parametrize("name", ["sample_weight", "linearregression__sample_weight"])
def test_weights_are_selected_with_the_rows(name):
    model = CompleteRows(make_pipeline(flat(), LinearRegression()))
    model.fit(FRAME, Y, **{name: WEIGHT})
    np.testing.assert_allclose(model[-1].coef_, WEIGHTED.coef_, **EXACT)
    assert not has_fit_parameter(model, "sample_weight")  # as of the pipeline: its last step may


def test_weights_are_given_once():
    model = CompleteRows(make_pipeline(flat(), LinearRegression()))
    with pytest.raises(ValueError, match=r"^sample_weight and linearregression__sample_weight are"):
        model.fit(FRAME, Y, sample_weight=WEIGHT, linearregression__sample_weight=WEIGHT)
    np.testing.assert_array_equal(
        model.fit(FRAME, Y, sample_weight=None).predict(FRAME), model.fit(FRAME, Y).predict(FRAME)
    )


def test_weights_follow_metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        least_squares = LinearRegression().set_fit_request(sample_weight=True)
        least_squares.set_score_request(sample_weight=True)
        model = CompleteRows(make_pipeline(flat(), least_squares))
        model.fit(FRAME, Y, sample_weight=WEIGHT)
        np.testing.assert_allclose(model[-1].coef_, WEIGHTED.coef_, **EXACT)
        scorer = make_scorer(r2_score).set_score_request(sample_weight=True)
        grid = {"linearregression__positive": [False]}
        search = GridSearchCV(model, grid, cv=2, scoring=scorer)
        search.fit(FRAME, Y, sample_weight=WEIGHT)
        np.testing.assert_allclose(search.best_estimator_[-1].coef_, WEIGHTED.coef_, **EXACT)
        unasked = CompleteRows(make_pipeline(flat(), LinearRegression()))
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            unasked.fit(FRAME, Y, sample_weight=WEIGHT)


def union(n_jobs=None):
    return FeatureUnion([("near", flat(2)), ("far", flat(1, delay=7))], n_jobs=n_jobs)


@pytest.mark.parametrize(
    ("before", "n_incomplete"),
    [
        (union(), 7),
        (union(n_jobs=2), 7),
        (ColumnTransformer([("keep", "passthrough", ["b"])], remainder=flat(4)), 4),
        (ColumnTransformer([("one", flat(2), ["b"]), ("other", union(), [0])]), 7),
        (make_pipeline(StandardScaler().set_output(transform="pandas"), flat(5)), 5),
        (make_pipeline(flat(2).set_output(transform="pandas"), flat(2, delay=3)), 6),
        (make_pipeline(flat(2), StandardScaler(), flat(2, delay=3)), 6),
        (make_pipeline(flat(1), flat(1, delay=2, known_ahead=[0])), 3),
        (make_pipeline(flat(2, known_ahead=[0]), flat(1, delay=0)), 2),
    ],
)
def test_lags_are_found_inside_of_other_transformers(before, n_incomplete):
    model = CompleteRows(make_pipeline(before, Ridge())).fit(FRAME, Y)
    by_hand = make_pipeline(clone(before))
    rows = by_hand.fit_transform(FRAME, Y)[n_incomplete:]
    expected = Ridge().fit(np.asarray(rows), Y[n_incomplete:])
    np.testing.assert_allclose(model[-1].coef_, expected.coef_, **EXACT)
    assert model.n_rows_omitted_ == n_incomplete


def test_a_window_of_windows_in_a_panel_is_incomplete_within_its_series():
    X, y = table("panel")
    lags = make_pipeline(flat(2).set_output(transform="pandas"), flat(1, delay=2))
    model = CompleteRows(make_pipeline(lags, Ridge())).fit(X, y)
    assert model.n_rows_omitted_ == 2 * 4


def test_lags_may_be_in_a_pipeline_at_the_end():
    inside = make_pipeline(flat(), LinearRegression())
    model = CompleteRows(make_pipeline(StandardScaler().set_output(transform="pandas"), inside))
    model.fit(FRAME, Y, sample_weight=WEIGHT)
    assert model.n_rows_omitted_ == 3
    scales = StandardScaler().fit(FRAME).scale_
    np.testing.assert_allclose(model[-1][-1].coef_ / np.tile(scales, 3), WEIGHTED.coef_, **EXACT)


def test_fitted_transformers_may_come_from_a_cache(tmp_path):
    pipeline = make_pipeline(flat(), LinearRegression(), memory=str(tmp_path))
    model = CompleteRows(pipeline)
    for _ in range(2):
        assert model.fit(FRAME, Y).n_rows_omitted_ == 3
    assert isinstance(model[-1], LinearRegression)
    assert not hasattr(pipeline[0], "n_features_in_")


def test_windows_for_a_net_are_views_of_the_complete_rows():
    class Shape(Ridge):
        def fit(self, X, y):
            self.shape_, self.shares_ = X.shape, not X.flags.owndata
            return self

    model = CompleteRows(make_pipeline(LagTransformer(5), Shape())).fit(FRAME, Y)
    assert (model[-1].shape_, model[-1].shares_) == ((N - 5, 5, 2), True)


@pytest.mark.parametrize(("incomplete", "n_rows"), [("omit", N - 5), ("fit", N)])
def test_all_windows_that_the_last_step_gets_are_said_to_be_complete(incomplete, n_rows):
    class Asks(Ridge):
        def fit(self, X, y):
            self.complete_ = X.is_complete
            return self

    model = CompleteRows(make_pipeline(LagTransformer(5), Asks()), incomplete=incomplete)
    assert model.fit(FRAME, Y)[-1].complete_.tolist() == [True] * n_rows
    assert not model[0].transform(FRAME).is_complete.all()


def test_a_net_reads_complete_windows_once():
    net = DenseRegressor(hidden_layer_sizes=(), optimizer="lbfgs", early_stopping=False, alpha=0)
    pipeline = make_pipeline(LagTransformer(2), net.set_params(random_state=0, max_epochs=50))
    model = CompleteRows(pipeline).fit(FRAME, Y)
    by_hand = clone(net).fit(LagTransformer(2).fit_transform(FRAME)[2:], Y[2:])
    assert model.n_rows_omitted_ == 2
    windows = model[:-1].transform(FRAME)[2:]
    np.testing.assert_allclose(model.predict(FRAME)[2:], by_hand.predict(windows), **EXACT)


def test_no_complete_row_is_an_error_and_leaves_the_old_fit():
    keys = pd.MultiIndex.from_product([range(15), DAYS[:4]])
    model = CompleteRows(make_pipeline(flat(2), LinearRegression())).fit(FRAME, Y)
    before = dict(vars(model))
    model.set_params(lagtransformer__n_lags=3, lagtransformer__delay=2)
    text = (
        "^None of the 60 rows of X has a complete window: with n_lags=3, delay=2, step=1 a row "
        "needs 4 rows of its series before it"
    )
    with pytest.raises(ValueError, match=text):
        model.fit(FRAME.set_axis(keys), Y.set_axis(keys))
    assert vars(model) == before


def test_without_lags_nothing_is_left_out():
    for estimator in (Ridge(), make_pipeline(StandardScaler(), Ridge()), make_pipeline(flat())):
        model = CompleteRows(estimator).fit(FRAME, Y)
        assert model.n_rows_omitted_ == 0
    last = make_pipeline(flat(), "passthrough")
    assert CompleteRows(last).fit_transform(FRAME).shape == (N, 6)


@pytest.mark.parametrize(
    "around",
    [
        lambda pipeline: GridSearchCV(pipeline, {"ridge__alpha": [1.0]}),
        lambda pipeline: TransformedTargetRegressor(pipeline),
        lambda pipeline: make_pipeline(
            StandardScaler(), GridSearchCV(pipeline, {"ridge__alpha": [1.0]})
        ),
    ],
)
def test_searches_go_around_it(around):
    pipeline = make_pipeline(flat(), Ridge())
    with pytest.raises(ValueError, match=r"^estimator: CompleteRows must be inside of [GT]"):
        CompleteRows(around(pipeline)).fit(FRAME, Y)
    around(CompleteRows(pipeline)).fit(FRAME, Y)


def test_a_transformer_that_hides_lags_is_refused():
    class Hides(StandardScaler):
        def __init__(self, inside=None):
            super().__init__()
            self.inside = inside

    model = CompleteRows(make_pipeline(Hides(flat()), Ridge()))
    with pytest.raises(ValueError, match=r"^Hides contains a LagTransformer, but is of an"):
        model.fit(FRAME, Y)


def test_steps_and_parameters_are_those_of_the_pipeline():
    pipeline = Pipeline([("lags", flat(2)), ("ridge", Ridge())])
    model = CompleteRows(pipeline)
    assert model.steps == pipeline.steps
    assert model.named_steps.ridge is model["ridge"] is model[-1] is pipeline[1]
    assert [*model] == [*pipeline]
    assert (len(model), bool(CompleteRows(Ridge()))) == (2, True)
    assert model.set_params(ridge__alpha=3.0).get_params()["estimator__ridge__alpha"] == 3.0
    assert model.set_params(estimator__ridge__alpha=4.0).get_params()["ridge__alpha"] == 4.0
    model.set_params(ridge=LinearRegression(), incomplete="fit", lags__n_lags=4)
    assert isinstance(pipeline[-1], LinearRegression)
    assert (pipeline[0].n_lags, model.incomplete) == (4, "fit")
    with pytest.raises(ValueError, match="Invalid parameter 'alpha' for estimator Pipeline"):
        model.set_params(alpha=1.0)
    fitted = model.set_params(incomplete="omit").fit(FRAME, Y)
    assert fitted[0].n_features_in_ == 2
    assert not hasattr(pipeline[0], "n_features_in_")
    assert fitted[:-1].transform(FRAME).shape == (N, 8)
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "transform")


def test_it_lives_among_the_tools_of_scikit_learn():
    pipeline = make_pipeline(flat(), Ridge())
    model = CompleteRows(pipeline)
    with pytest.raises(NotFittedError):
        model.predict(FRAME)
    assert not hasattr(model, "n_features_in_")
    copied = pickle.loads(pickle.dumps(clone(model).fit(FRAME, Y)))
    assert copied.n_rows_omitted_ == 3
    learned = {"estimator_", "n_rows_omitted_"}
    assert vars(copied).keys() - vars(clone(copied)).keys() == learned
    assert "Not fitted" in model._repr_html_()
    assert "LagTransformer" in copied._repr_html_()
    assert "Not fitted" not in copied._repr_html_()
    assert repr(model).startswith("CompleteRows(estimator=Pipeline(steps=[('lagtransformer',")
    grid = {"ridge__alpha": [0.1, 10.0], "lagtransformer": [flat(2), flat(5)]}
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(3)).fit(FRAME, Y)
    best = search.best_params_
    again = CompleteRows(make_pipeline(best["lagtransformer"], Ridge(best["ridge__alpha"])))
    np.testing.assert_array_equal(search.predict(FRAME), again.fit(FRAME, Y).predict(FRAME))
    found = cross_validate(model, FRAME, Y, cv=TimeSeriesSplit(3), return_estimator=True)
    assert [one.n_rows_omitted_ for one in found["estimator"]] == [3, 3, 3]


def test_components_are_those_of_complete_rows():
    model = CompleteRows(make_pipeline(flat(), PCA(2))).set_output(transform="pandas")
    lags, complete = design(FRAME, 3, 1, 1)
    transformed = model.fit_transform(FRAME)
    assert transformed.index.equals(DAYS)
    assert list(transformed) == model.get_feature_names_out().tolist() == ["pca0", "pca1"]
    np.testing.assert_allclose(transformed[complete], PCA(2).fit_transform(lags), **EXACT)


@pytest.mark.parametrize(
    "estimator",
    [make_pipeline(StandardScaler(), LogisticRegression()), make_pipeline(PCA(1))],
)
def test_around_a_pipeline_without_lags_all_checks_of_scikit_learn_pass(estimator):
    results = check_estimator(CompleteRows(estimator), on_fail=None)
    assert {r["check_name"]: r["status"] for r in results if r["status"] != "passed"} == {}


def test_a_column_transformer_that_selects_no_columns_for_windows_omits_nothing():
    X = pd.DataFrame({"a": np.arange(20.0)})
    lags = ("lags", LagTransformer(2, flatten=True), [])
    columns = ColumnTransformer([lags, ("rest", "passthrough", ["a"])])
    model = CompleteRows(make_pipeline(columns, Ridge())).fit(X, X["a"] + 1)
    assert model.n_rows_omitted_ == 0


def test_a_step_may_be_named_as_a_parameter_is():
    lags = ("lags", LagTransformer(2, flatten=True))
    model = CompleteRows(Pipeline([lags, ("estimator", Ridge())]))
    assert model.set_params(estimator__alpha=3.0).get_params()["estimator__alpha"] == 3.0
    assert model.estimator.steps[-1][1].alpha == 3.0
    assert model.set_params(estimator__lags__n_lags=4).estimator["lags"].n_lags == 4


def test_ready_windows_are_counted_as_the_network_omits_them():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    W, y = LagTransformer(5).fit_transform(rows), rows[:, 0]
    net = GRURegressor(max_epochs=1, lr_schedule="cosine", random_state=0)
    assert CompleteRows(net).fit(W, y).n_rows_omitted_ == 5
    assert CompleteRows(make_pipeline("passthrough", net)).fit(W, y).n_rows_omitted_ == 5
    assert CompleteRows(net, incomplete="fit").fit(W, y).n_rows_omitted_ == 0


def test_errors_name_the_step_that_is_meant():
    X = np.random.default_rng(0).normal(size=(40, 2))
    with pytest.raises(ValueError, match=r"'n_lags'; that of its step is 'lagtransformer__n_lags'"):
        make_ar(2).set_params(n_lags=3)
    assert GridSearchCV(make_ar(1), {"lagtransformer__n_lags": [1, 2]}, cv=2).fit(X, X[:, 0])
    X[9, 0] = np.nan
    y = np.nan_to_num(X[:, 0])
    text = r"^Input X contains NaN\. .* take LagRidge\(alpha=0\) .* or .* SimpleImputer\(\),"
    with pytest.raises(ValueError, match=text):
        make_ar(2).fit(X, y)
    steps = LagTransformer(2, flatten=True), SimpleImputer(), LinearRegression()
    assert np.isfinite(CompleteRows(make_pipeline(*steps)).fit(X, y).predict(X)).all()
    missing = np.where(np.arange(40) == 30, np.nan, y)
    with pytest.raises(ValueError, match=r"^Input y contains NaN\. .* zero .* by make_lagged\.$"):
        make_ar(2).fit(y[:, np.newaxis], missing)
    with pytest.raises(ValueError, match=r"^Input sample_weight contains NaN\.$"):
        make_ar(2).fit(y[:, np.newaxis], y, linearregression__sample_weight=missing)


def test_a_class_in_place_of_a_model_has_no_parameters_to_list():
    model = CompleteRows(Ridge)
    assert model.get_params() == model.get_params(deep=False)
