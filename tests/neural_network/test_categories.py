"""Columns of categories, from the table through windows to the networks."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    DenseRegressor,
    GRURegressor,
    LagElasticNet,
    LagLogistic,
    LagPoisson,
    LagRidge,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    make_ar,
    make_lagged,
)
from sklearn_rnn.inspection import lag_importance
from tests.nets import NETS, REGRESSORS, STEPWISE, few_epochs

N = 300
RNG = np.random.default_rng(0)
EFFECTS = {"dry": -1.5, "fog": 0.0, "ice": 1.5, "wet": 3.0}
SKY = RNG.choice(list(EFFECTS), N)
Y = np.array([EFFECTS[label] for label in SKY]) + 0.3 * RNG.normal(size=N)
TABLE = pd.DataFrame({"y": Y, "sky": SKY}, index=pd.date_range("2026", periods=N))
each_net = pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
each_regressor = pytest.mark.parametrize("net", REGRESSORS, ids=lambda net: net.__name__)
pytestmark = few_epochs


def model(net=DenseRegressor, n_lags=1, **parameters):
    """Return a pipeline that knows the sky of the row that it forecasts."""
    quick = {"max_epochs": 25, "learning_rate": 0.02, "lr_schedule": "onecycle", "random_state": 0}
    lags = LagTransformer(n_lags, known_ahead=["sky"])
    return make_pipeline(lags, net(**{**quick, "early_stopping": False, **parameters}))


def target(net):
    return Y if net in REGRESSORS else np.where(Y > 0.75, "high", "low")


def shuffled(table):
    return table.assign(sky=np.random.default_rng(1).permutation(table["sky"]))


@each_net
def test_a_net_learns_what_depends_on_a_category_and_nothing_from_shuffled_ones(net):
    y = target(net)
    train, test = slice(0, 200), slice(200, N)

    def score(table):
        fitted = model(net).fit(table[train], y[train])
        return fitted.score(table[test], y[test])

    without = model(net).set_params(lagtransformer__known_ahead=None)
    without.fit(TABLE[["y"]][train], y[train])
    none = without.score(TABLE[["y"]][test], y[test])
    assert score(TABLE) > 0.85
    assert none < 0.7
    assert score(shuffled(TABLE)) < none + 0.1


@each_net
def test_labels_by_other_names_in_the_same_order_change_nothing(net):
    y, renamed = target(net), {"dry": 1, "fog": 2, "ice": 10, "wet": 20}
    fitted = model(net, max_epochs=2).fit(TABLE, y)
    other = TABLE.assign(sky=pd.Categorical(TABLE["sky"].map(renamed)))
    again = model(net, max_epochs=2).fit(other, y)
    assert_array_equal(again.predict(other), fitted.predict(TABLE))


@pytest.mark.parametrize(
    "dtype",
    ["string", object, "category", pd.CategoricalDtype(["wet", "fog", "rain", "ice", "dry"])],
    ids=["string", "object", "category", "another order"],
)
def test_forms_of_the_same_categories_have_the_same_fit(dtype):
    expected = model().fit(TABLE, Y).predict(TABLE)
    table = TABLE.astype({"sky": dtype})
    fitted = model().fit(table, Y)
    assert_array_equal(fitted.predict(table), expected)
    assert_array_equal(fitted.predict(TABLE), expected)


@pytest.mark.parametrize(
    "dtype", [pl.String, pl.Categorical, pl.Enum(["wet", "fog", "ice", "dry"])], ids=str
)
def test_tables_of_polars_have_the_same_fit(dtype):
    table = pl.DataFrame({"y": Y, "sky": SKY.tolist()}).with_columns(pl.col("sky").cast(dtype))
    plain = TABLE.reset_index(drop=True)
    expected = model().fit(plain, Y).predict(plain)
    assert_array_equal(model().fit(table, Y).predict(table), expected)


@each_net
@pytest.mark.parametrize("has_missing", [False, True])
def test_an_unknown_category_is_read_as_a_missing_one(net, has_missing):
    table = TABLE.assign(sky=TABLE["sky"].mask(TABLE.index.day == 7) if has_missing else SKY)
    fitted = model(net, max_epochs=2).fit(table, target(net))
    unknown, missing = (fitted.predict(TABLE.assign(sky=label)) for label in ("hail", None))
    assert_array_equal(unknown, missing)
    nothing = fitted.predict(TABLE.assign(sky=pd.Categorical([None] * N)))
    assert_array_equal(unknown, nothing)


def test_a_missing_category_is_learned_like_another():
    table = TABLE.assign(sky=TABLE["sky"].replace("wet", None))
    fitted = model().fit(table, Y)
    assert fitted.score(table, Y) > 0.9
    assert fitted.predict(table.assign(sky="hail")).mean() > 2  # of wet days, with the effect 3


def test_a_category_of_validation_rows_alone_is_unknown():
    windows, y = make_lagged(TABLE, Y, 1, known_ahead=["sky"])
    weight = np.asarray(TABLE["sky"][1:] != "ice").astype(float)
    net = model()[-1].fit(windows, y, weight)
    ice, hail = (
        net.predict(make_lagged(TABLE.assign(sky=sky), Y, 1, known_ahead=["sky"])[0])
        for sky in ("ice", "hail")
    )
    assert_array_equal(ice, hail)


def test_windows_of_other_tables_are_read_by_their_labels():
    windows, y = make_lagged(TABLE[:200], Y[:200], 1, known_ahead=["sky"])
    others = TABLE[200:][TABLE["sky"][200:].isin(["ice", "wet"])].reset_index(drop=True)
    test, y_test = make_lagged(others, others["y"], 1, known_ahead=["sky"])
    assert list(test.origin.categories[1]) == ["ice", "wet"]
    net = model()[-1].fit(windows, y, X_val=test, y_val=y_test)
    codes = np.array(test)
    codes[:, :, 1] += 2  # of dry, fog, ice, wet
    assert_array_equal(net.predict(test), net.predict(codes))
    assert net.validation_loss_curve_[-1] < 0.1


def test_static_and_changing_categories_are_read_at_every_step():
    """The level is that of the shop, and the change that of the day; both hold in windows."""
    days = np.tile(np.arange(60), 3)
    shop, day = np.repeat(["a", "b", "c"], 60), np.array(["mon", "tue", "wed"])[days % 3]
    y = np.repeat([-3.0, 0.0, 3.0], 60) + np.where(day == "mon", 2.0, 0.0)
    long = pd.DataFrame({"shop": shop, "time": days, "kind": shop, "day": day, "z": 0.0})
    lags = LagTransformer(2, known_ahead=["day"], time="time", series="shop")
    quick = {"max_epochs": 40, "learning_rate": 0.02, "lr_schedule": "onecycle", "random_state": 0}
    net = make_pipeline(lags, GRURegressor(early_stopping=False, **quick))
    assert net.fit(long, y).score(long, y) > 0.97
    for column in ("kind", "day"):
        assert clone(net).fit(part := long.assign(**{column: "x"}), y).score(part, y) < 0.95


@each_regressor
@pytest.mark.parametrize("standardize", ["window", "last"])
def test_windows_are_normalised_but_not_their_categories(net, standardize):
    fitted = model(net, 3, standardize=standardize).fit(TABLE, Y)
    assert fitted.score(TABLE, Y) > 0.6
    moved = TABLE.assign(y=TABLE["y"] + 100)
    again = model(net, 3, standardize=standardize).fit(moved, moved["y"])
    assert_allclose(again.predict(moved), fitted.predict(TABLE) + 100, atol=0.3)


def test_scales_missing_values_and_targets_leave_codes_alone():
    holes = TABLE.assign(y=TABLE["y"].mask(RNG.random(N) < 0.1))
    fitted = model(n_lags=2).fit(holes, Y)
    net = fitted[-1]
    assert_array_equal(net.missing_channels_, [0])
    assert (net.channel_scale_.mean[1], net.channel_scale_.scale[1]) == (0.0, 1.0)
    assert fitted.score(holes, Y) > 0.85
    codes = pd.Series(SKY, TABLE.index).factorize(sort=True)[0] + 1.0
    past = model(standardize="last", n_lags=2).set_params(lagtransformer__known_ahead=None)
    past.fit(TABLE.assign(y=codes), codes)  # y is one column, and the codes of none


@pytest.mark.parametrize("net", STEPWISE, ids=lambda net: net.__name__)
def test_steps_whose_numbers_are_missing_may_be_absent(net):
    """A static category does not make a step of missing numbers one that is there."""
    table = TABLE.assign(sky="dry", y=TABLE["y"].mask(np.arange(N) % 5 == 0))
    alone = make_pipeline(
        LagTransformer(3), net(max_epochs=2, all_missing="absent", random_state=0)
    )
    fitted = alone.fit(table, target(net))
    x = fitted[-1]._read_sequences(fitted[0].transform(table))[0]
    assert_array_equal(np.unique(x.lengths), [2, 3])


def test_a_table_of_samples_is_one_of_windows_of_one_step():
    rows = make_pipeline(LagTransformer(1, delay=0), *model()[1:])
    assert rows.fit(TABLE[["sky"]], Y).score(TABLE[["sky"]], Y) > 0.9


def test_the_dimension_is_chosen_by_the_number_of_categories_or_given():
    for net in (DenseRegressor, LSTMRegressor):
        for given, dim in [(None, 3), (7, 7)]:
            fitted = model(net, max_epochs=1, embedding_dim=given).fit(TABLE, Y)
            assert fitted[-1].net_.module_.embeddings[0].weight.shape == (5, dim)


def test_copies_searches_and_continued_fits():
    fitted = model().fit(TABLE[:200], Y[:200])
    expected = fitted.predict(TABLE)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(TABLE), expected)
    assert_array_equal(clone(fitted).fit(TABLE[:200], Y[:200]).predict(TABLE), expected)
    windows = fitted[0].transform(TABLE)
    assert_array_equal(fitted[-1].predict(pickle.loads(pickle.dumps(windows))), expected)
    assert_array_equal(fitted[-1].predict(np.asarray(windows)), expected)  # codes of the same fit
    grid = {"denseregressor__embedding_dim": [1, None], "lagtransformer__n_lags": [1, 2]}
    search = GridSearchCV(model(), grid, cv=TimeSeriesSplit(2)).fit(TABLE, Y)
    assert search.best_score_ > 0.9
    net = clone(fitted[-1])
    for _ in range(2):
        net.partial_fit(windows[:200], Y[:200])
    assert len(net.loss_curve_) == 2


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_members": 2},
        {"optimizer": "lbfgs", "alpha": 1e-3},
        {"alpha": 1e-3, "l1_ratio": 1.0},
        {"loss": "normal"},
        {"loss": "quantile", "quantile": [0.1, 0.5]},
        {"dtype": "bfloat16"},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_options_of_training_apply(parameters):
    fitted = model(LSTMRegressor, 2, **parameters).fit(TABLE, Y)
    plain = model(LSTMRegressor, 2, **parameters).fit(TABLE.assign(sky="dry"), Y)
    y_hat, nothing = (
        np.atleast_2d(m.predict(t).T)[-1]
        for m, t in ((fitted, TABLE), (plain, TABLE.assign(sky="dry")))
    )
    assert np.corrcoef(y_hat, Y)[0, 1] > 0.9 > np.corrcoef(nothing, Y)[0, 1]


def test_the_importance_of_a_category_is_that_of_its_permutation():
    fitted = model(n_lags=2).fit(TABLE, Y)
    decrease = lag_importance(fitted, TABLE, Y, random_state=0).importances_mean
    assert decrease[-1, 1] > 1 > 0.1 > abs(decrease[:, 0]).max()
    with pytest.raises(ValueError, match=r"numeric windows without missing values or categories;"):
        lag_importance(fitted, TABLE, Y, method="integrated_gradients")


NEEDS = r"^X has the categories \['sky'\], but {} needs numbers; encode them before LagTransformer"


@pytest.mark.parametrize(
    ("estimator", "text"),
    [
        (LagRidge(), NEEDS.format("LagRidge")),
        (LagElasticNet(), NEEDS.format("LagElasticNet")),
        (LagPoisson(), NEEDS.format("LagPoisson")),
        (LagLogistic(), NEEDS.format("LagLogistic")),
        (GRURegressor(linear_skip=True), NEEDS.format("linear_skip=True")),
        (GRURegressor(penalty="group", alpha=0.1, l1_ratio=1.0), NEEDS.format('penalty="group"')),
        (GRURegressor(augmentation={"jitter": 0.1}), NEEDS.format("augmentation")),
        (GRURegressor(vocabulary_size=9), r"^vocabulary_size is for tokens, but X has categories"),
        (PersistenceRegressor(channel="sky"), r"^channel='sky' holds categories; name the channel"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_reads_numbers_refuses_categories_by_name(estimator, text):
    with pytest.raises(ValueError, match=text):
        make_pipeline(LagTransformer(2), estimator).fit(TABLE, np.abs(Y))


@pytest.mark.parametrize("kind", ["last", "window"])
def test_the_channel_of_the_target_holds_no_categories(kind):
    net = GRURegressor(standardize=kind, target_channel="sky")
    with pytest.raises(ValueError, match=r"needs target_channel, .* got 'sky', which holds categ"):
        make_pipeline(LagTransformer(2), net).fit(TABLE, Y)


def test_other_refusals_and_a_baseline():
    with pytest.raises(ValueError, match=r"^X has the categories \['sky'\], but flat windows"):
        make_ar(2).fit(TABLE, Y)
    with pytest.raises(ValueError, match=r"^embedding_dim is for categories, but X has none"):
        model(embedding_dim=3).set_params(lagtransformer__known_ahead=None).fit(TABLE[["y"]], Y)
    windows, y = make_lagged(TABLE, Y, 2)
    numbers, _ = make_lagged(TABLE.assign(sky=0.0), Y, 2)
    net = DenseRegressor(max_epochs=1)
    text = r"^X has the categories {}, but in fit there were {}; give the columns the dtypes"
    for fitted, other, sides in [
        (windows, numbers, (r"\[\]", r"\['sky'\]")),
        (numbers, windows, (r"\['sky'\]", r"\[\]")),
    ]:
        with pytest.raises(ValueError, match=text.format(*sides)):
            net.fit(fitted, y).predict(other)
    persistence = PersistenceRegressor(channel="y").fit(windows, y)
    assert_array_equal(persistence.predict(windows), Y[1:-1])
