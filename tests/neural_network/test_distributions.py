"""Distributions: their limits in classical models, units, mixtures, and errors."""

import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import statsmodels.api as sm
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.pipeline import make_pipeline
from statsmodels.miscmodels.tmodel import TLinearModel

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    GRURegressor,
    LagTransformer,
    LSTMRegressor,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.model_selection import penalty_path
from sklearn_rnn.neural_network._distributions import Mixture
from tests.nets import REGRESSORS, few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
N = 200
X = RNG.normal(size=(N, 3, 2))
FLAT = X.reshape(N, -1)
DESIGN = sm.add_constant(FLAT)
SLOPES = FLAT @ [1.0, 0.0, -0.5, 0.3, 0.0, 0.2]
MEANS = np.exp(0.5 + 0.5 * SLOPES)
TARGETS = {
    "normal": 5 + 3 * (SLOPES + RNG.normal(size=N)),
    "student_t": 5 + 3 * (SLOPES + RNG.standard_t(4, size=N)),
    "poisson": RNG.poisson(MEANS),
    "negative_binomial": RNG.negative_binomial(2, 2 / (2 + MEANS)),
}
LEVELS = [0.05, 0.5, 0.9]
WEIGHT = RNG.integers(0, 3, size=N)
ROWS = np.cumsum(RNG.normal(size=(150, 2)), axis=0)
SIZES = {"hidden_size": 4, "num_channels": 4, "hidden_layer_sizes": (4,)}

each_loss = pytest.mark.parametrize("loss", TARGETS)


def net(loss, cls=DenseRegressor, **parameters):
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 5, "lr_schedule": "onecycle", "learning_rate": 0.02}
    same = {"random_state": 0, "device": "cpu", "dtype": "float64"}
    return cls(**{"loss": loss, **sizes, **settings, **same, **parameters})


def linear(loss, **parameters):
    """Return a linear net that is trained to the end."""
    exact = {"optimizer": "lbfgs", "alpha": 0.0, "tol": 0.0, "max_epochs": 2000}
    return net(loss, **{"hidden_layer_sizes": (), "early_stopping": False, **exact, **parameters})


# --- limits --------------------------------------------------------------------------------------


def classic(loss, y, design):
    """Return the mean, the standard deviation and the mean log-likelihood of statsmodels."""
    if loss == "normal":
        fit = sm.OLS(y, design).fit()
        return fit.fittedvalues, np.sqrt(np.mean(fit.resid**2)), fit.llf / len(y)
    model = {"student_t": TLinearModel, "poisson": sm.Poisson}.get(loss, sm.NegativeBinomial)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at the minimum, BFGS cannot go on
        fit = model(y, design).fit(method="bfgs", disp=0, gtol=1e-9, maxiter=5000)
    if loss == "student_t":
        df, scale = fit.params[-2:]
        return design @ fit.params[:-2], scale * np.sqrt(df / (df - 2)), fit.llf / len(y)
    mean = fit.predict(design)
    dispersion = 0.0 if loss == "poisson" else fit.params[-1]
    return mean, np.sqrt(mean + dispersion * mean**2), fit.llf / len(y)


@each_loss
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_a_linear_net_is_the_model_of_statsmodels(loss, weight):
    y = TARGETS[loss]
    model = linear(loss).fit(X, y, sample_weight=weight)
    times = np.ones(N, dtype=int) if weight is None else weight
    mean, std, log_likelihood = classic(loss, np.repeat(y, times), np.repeat(DESIGN, times, axis=0))
    predicted = model.predict(X, return_std=True)
    assert_allclose(np.repeat(predicted[0], times), mean, rtol=1e-5, atol=1e-5)
    assert_allclose(np.repeat(predicted[1], times), np.broadcast_to(std, mean.shape), rtol=1e-5)
    score = model.log_score(X, y, sample_weight=weight)
    assert score == pytest.approx(log_likelihood, abs=1e-8)
    assert model.n_parameters_ == 7 + {"poisson": 0, "student_t": 2}.get(loss, 1)


@pytest.mark.parametrize(
    ("loss", "dispersion"),
    [*((loss, "constant") for loss in TARGETS), ("normal", "varying"), ("student_t", "varying")],
)
def test_without_weights_the_distribution_is_that_of_y(loss, dispersion):
    model = linear(loss, alpha=10.0, l1_ratio=1.0, dispersion=dispersion)
    model.fit(X, TARGETS[loss])
    mean, std, log_likelihood = classic(loss, TARGETS[loss], np.ones((N, 1)))
    predicted = model.predict(X, return_std=True)
    assert_allclose(predicted[0], mean, rtol=1e-5)
    assert_allclose(predicted[1], np.broadcast_to(std, N), rtol=1e-5)
    assert model.log_score(X, TARGETS[loss]) == pytest.approx(log_likelihood, abs=1e-8)


def test_a_dispersion_that_varies_is_found():
    scale = np.exp(0.7 * X[:, 0, 0])
    y = SLOPES + scale * RNG.normal(size=N)
    mean, std = linear("normal", dispersion="varying").fit(X, y).predict(X, return_std=True)
    assert np.corrcoef(std, scale)[0, 1] > 0.9
    y = RNG.negative_binomial(1 / scale, 1 / (1 + scale * 20))
    model = linear("negative_binomial", dispersion="varying").fit(X, y)
    mean, std = model.predict(X, return_std=True)
    assert np.corrcoef((std**2 - mean) / mean**2, scale)[0, 1] > 0.7


@pytest.mark.parametrize("cls", [LSTMRegressor, DenseRegressor], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("loss", ["normal", "negative_binomial"])
def test_beside_a_network_the_linear_model_starts_as_it_is_by_itself(cls, loss):
    still = {"learning_rate": 1e-300, "max_epochs": 1, "early_stopping": False, "alpha": 0.0}
    y = TARGETS[loss]
    start = net(loss, cls, linear_skip=True, **still).fit(X, y)
    expected = linear(loss).fit(X, y)
    both = [np.stack(model.predict(X, return_std=True)) for model in (start, expected)]
    assert_allclose(*both, rtol=1e-4)
    assert start.linear_share_ == pytest.approx(1.0)
    held = {"early_stopping": True, "linear_skip": True, "max_epochs": 30}
    model = net(loss, cls, **held).fit(X, y)
    assert model.log_score(X, y) > expected.log_score(X, y) - 0.1


def test_the_path_of_a_linear_model_begins_where_that_of_the_squared_error_does():
    """At the constant the gradient in the mean is that of the squared error over the variance."""
    first = []
    for loss in ("normal", "squared_error"):
        model = linear(loss, l1_ratio=1.0, hidden_layer_sizes=(), max_epochs=50)
        first.append(penalty_path(model, X, TARGETS["normal"], n_alphas=2).alphas[0])
    assert first[0] == pytest.approx(first[1], rel=1e-5)


# --- what is predicted ---------------------------------------------------------------------------


@pytest.mark.parametrize("cls", REGRESSORS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("dispersion", ["constant", "varying"])
def test_quantiles_are_those_of_the_distribution(cls, dispersion):
    model = net("normal", cls, dispersion=dispersion).fit(X, TARGETS["normal"])
    mean, std = model.predict(X, return_std=True)
    assert_array_equal(mean, model.predict(X))
    quantiles = model.predict(X, quantiles=LEVELS)
    assert_allclose(quantiles, stats.norm.ppf(LEVELS, mean[:, None], std[:, None]), rtol=1e-9)
    assert (np.ptp(std) < 1e-9) == (dispersion == "constant")
    log_density = stats.norm.logpdf(TARGETS["normal"], mean, std)
    assert model.log_score(X, TARGETS["normal"]) == pytest.approx(log_density.mean())


@each_loss
def test_each_output_has_a_distribution(loss):
    both = np.stack([TARGETS[loss], TARGETS[loss][::-1]], axis=1)
    model = net(loss).fit(X, both)
    quantiles, (mean, std) = model.predict(X, quantiles=LEVELS), model.predict(X, return_std=True)
    assert quantiles.shape == (N, 2, 3)
    assert mean.shape == std.shape == (N, 2)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert model.log_score(X, both, sample_weight=WEIGHT) < 0
    exact = [linear(loss, max_epochs=300).fit(X, y) for y in both.T]
    together = linear(loss, max_epochs=600).fit(X, both)
    for j, model in enumerate(exact):
        assert_allclose(together.predict(X)[:, j], model.predict(X), rtol=1e-4)
    scores = [model.log_score(X, y) for model, y in zip(exact, both.T, strict=True)]
    assert together.log_score(X, both) == pytest.approx(np.mean(scores), abs=1e-6)


@pytest.mark.parametrize("loss", ["student_t", "negative_binomial"])
def test_each_step_has_a_distribution_and_padding_has_none(loss):
    ragged = [x[: 1 + i % 3] for i, x in enumerate(X[:30])]
    y = [np.round(np.abs(3 * x[:, 0])) for x in ragged]
    model = net(loss, GRURegressor, return_sequences=True).fit(ragged, y)
    means, stds = model.predict(ragged, return_std=True)
    quantiles = model.predict(ragged, quantiles=LEVELS)
    for x, mean, std, of_sequence in zip(ragged, means, stds, quantiles, strict=True):
        assert mean.shape == std.shape == (len(x),)
        assert of_sequence.shape == (len(x), 3)
    padded = np.full((30, 3, 2), np.nan)
    for row, x in zip(padded, ragged, strict=True):
        row[: len(x)] = x
    mean, std = model.predict(padded, return_std=True)
    assert_array_equal(np.isnan(std), np.isnan(padded[..., 0]))
    assert_allclose(np.concatenate(stds), std[~np.isnan(std)], rtol=1e-9)
    weight = np.arange(30)
    scores = [model.log_score([x], [t]) for x, t in zip(ragged, y, strict=True)]
    lengths = np.array([len(x) for x in ragged])
    expected = np.average(scores, weights=weight * lengths)
    assert model.log_score(ragged, y, sample_weight=weight) == pytest.approx(expected)


@pytest.mark.parametrize("loss", ["normal", "student_t"])
@pytest.mark.parametrize("standardize", [True, "last", "window"])
def test_distributions_have_the_units_of_y(loss, standardize):
    given = {"standardize": standardize, "dispersion": "varying"}
    windows, y = make_lagged(ROWS, ROWS[:, 0], 5)
    model = net(loss, **given).fit(windows, y)
    moved_windows, moved_y = make_lagged(1000 * ROWS + 5, 1000 * ROWS[:, 0] + 5, 5)
    moved = net(loss, **given).fit(moved_windows, moved_y)
    (mean, std), scaled = (
        m.predict(w, return_std=True) for m, w in ((model, windows), (moved, moved_windows))
    )
    assert_allclose(scaled[0], 1000 * mean + 5, rtol=1e-6)
    assert_allclose(scaled[1], 1000 * std, rtol=1e-6)
    score = model.log_score(windows, y)
    assert moved.log_score(moved_windows, moved_y) == pytest.approx(score - np.log(1000))


@pytest.mark.parametrize("kind", ["last", "window"])
def test_distributions_follow_their_windows(kind):
    windows, y = make_lagged(ROWS, ROWS[:, [1, 0]], 6)  # outputs that follow different channels
    model = net("normal", TCNRegressor, standardize=kind).fit(windows, y)
    data, shift = np.asarray(windows), np.array([1e3, -500.0])
    (mean, std), after = (model.predict(x, return_std=True) for x in (data, data + shift))
    assert_allclose(after[0], mean + shift[::-1], atol=1e-5)
    assert_allclose(after[1], std, rtol=1e-5)
    if kind == "window":
        _, larger = model.predict(7 * data, return_std=True)
        assert_allclose(larger, 7 * std, rtol=1e-5)
        assert np.ptp(std, axis=0).min() > 0, "a scale for each window"


def test_a_likelihood_has_the_same_minimum_in_any_units():
    """Windows of any scale count the same: twins of all windows, twice as large, change nothing."""
    windows, y = make_lagged(ROWS, ROWS[:, 0], 5)
    windows = np.asarray(windows)
    given = {"standardize": "window", "target_channel": 0, "max_epochs": 200}
    one = linear("normal", **given).fit(windows, y)
    twins = np.concatenate([windows, 2 * windows]), np.concatenate([y, 2 * y])
    two = linear("normal", **given).fit(*twins)
    assert_allclose(two.predict(windows), one.predict(windows), rtol=1e-3, atol=1e-3)
    assert_allclose(*(m.predict(windows, return_std=True)[1] for m in (one, two)), rtol=1e-3)


# --- mixtures ------------------------------------------------------------------------------------


@each_loss
def test_members_are_an_equal_mixture(loss):
    y = TARGETS[loss]
    model = net(loss, n_members=3, max_epochs=20).fit(X, y)
    parts = [member.predict(X, return_std=True) for member in model.members_]
    means, stds = (np.stack(part) for part in zip(*parts, strict=True))
    mean, std = model.predict(X, return_std=True)
    assert_allclose(mean, means.mean(axis=0))
    assert_allclose(std**2, (stds**2 + means**2).mean(axis=0) - mean**2)
    of_each = [np.exp(member.log_score(X[:1], y[:1])) for member in model.members_]
    assert model.log_score(X[:1], y[:1]) == pytest.approx(np.log(np.mean(of_each)))
    of_mixture = model.predict(X, quantiles=LEVELS)
    assert (np.diff(of_mixture, axis=1) >= 0).all()
    of_each = np.stack([member.predict(X, quantiles=LEVELS) for member in model.members_])
    assert (of_each.min(axis=0) <= of_mixture).all()
    assert (of_mixture <= of_each.max(axis=0)).all()


def test_quantiles_of_a_mixture_invert_its_distribution():
    model = net("normal", n_members=3, max_epochs=20).fit(X, TARGETS["normal"])
    quantiles = model.predict(X, quantiles=LEVELS)
    parts = [member.predict(X, return_std=True) for member in model.members_]
    cdf = np.mean([stats.norm.cdf(quantiles, m[:, None], s[:, None]) for m, s in parts], axis=0)
    assert_allclose(cdf, np.tile(LEVELS, (N, 1)), rtol=1e-9)
    counts = net("poisson", n_members=3, max_epochs=20).fit(X, TARGETS["poisson"])
    quantiles = counts.predict(X, quantiles=LEVELS)
    means = counts.predict_members(X)[..., np.newaxis]
    assert (quantiles % 1 == 0).all()
    assert (stats.poisson.cdf(quantiles, means).mean(axis=0) >= LEVELS).all()
    assert (stats.poisson.cdf(quantiles - 1, means).mean(axis=0) < LEVELS).all()


@pytest.mark.parametrize("n_members", [1, 2])
def test_quantiles_of_counts_without_bound_are_known(n_members):
    """SciPy has none of such means."""
    mean = np.array([[[3.0], [1e9], [1e14], [np.inf]]]).repeat(n_members, axis=0)
    quantiles = Mixture(stats.poisson(mean), mean[0]).quantiles(LEVELS)[..., 0].T
    assert_array_equal(quantiles[:2], stats.poisson.ppf(LEVELS, mean[0, :2]))
    assert_allclose(quantiles[2], 1e14 + 1e7 * stats.norm.ppf(LEVELS), rtol=1e-12)
    assert_array_equal(quantiles[3], np.inf)


# --- with the rest of the package and of scikit-learn ---------------------------------------------


OPTIONS = {
    "missing values": {},
    "early stopping": {"early_stopping": True},
    "lasso": {"linear_skip": True, "l1_ratio": 0.9, "alpha": 0.02},
    "groups": {"penalty": "group", "l1_ratio": 0.9, "alpha": 0.005},
    "lbfgs": {"optimizer": "lbfgs"},
    "single precision": {"dtype": "float32"},
    "augmentation": {"augmentation": {"jitter": 0.1, "mixup": 0.2}},
    "batches": {"batch_size": 16, "max_grad_norm": 1.0},
}


@pytest.mark.parametrize("loss", ["student_t", "negative_binomial"])
@pytest.mark.parametrize("name", OPTIONS)
def test_distributions_go_with_other_parameters(loss, name):
    data = np.where(RNG.random(X.shape) < 0.1, np.nan, X) if name == "missing values" else X
    cls = LSTMRegressor if loss == "student_t" else DenseRegressor
    model = net(loss, cls, **{"max_epochs": 20, **OPTIONS[name]}).fit(data, TARGETS[loss])
    assert (model.predict(data, return_std=True)[1] > 0).all()
    assert -4 < model.log_score(data, TARGETS[loss]) < 0


@each_loss
def test_training_goes_on_and_a_fitted_net_keeps_its_distribution(loss):
    y = TARGETS[loss]
    model = net(loss, warm_start=True).fit(X, y)
    before = model.log_score(X, y)
    copy = pickle.loads(pickle.dumps(model)).set_params(loss="huber")
    assert copy.log_score(X, y) == before
    assert model.fit(X, y).n_iter_ == 10
    assert model.partial_fit(X, y).n_iter_ == 11
    assert model.log_score(X, y) > before
    if loss != "poisson":
        with pytest.raises(ValueError, match="dispersion cannot change from 'constant' to 'vary"):
            model.set_params(dispersion="varying").fit(X, y)


def test_pipelines_pass_the_arguments_of_predict_on():
    table = pd.DataFrame(ROWS, columns=["a", "b"])
    pipeline = make_pipeline(LagTransformer(3), net("normal"))
    for model in (pipeline, CompleteRows(pipeline)):
        mean, std = model.fit(table, table["a"]).predict(table, return_std=True)
        assert_array_equal(mean, model.predict(table))
        assert mean.shape == std.shape == (150,)
    inner = pipeline[-1]
    assert inner.log_score(pipeline[:-1].transform(table), table["a"]) < 0
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            LagTransformer(3), net("normal").set_predict_request(return_std=True)
        )
        assert len(routed.fit(table, table["a"]).predict(table, return_std=True)) == 2


def test_importance_is_that_of_the_logarithm_of_the_mean_of_counts():
    model = linear("negative_binomial").fit(X, TARGETS["negative_binomial"])
    effects = lag_importance(model, X, method="integrated_gradients").effects
    zero = np.tile(model.channel_scale_.mean, (3, 1))[None]
    moved = zero + model.channel_scale_.scale * np.eye(6).reshape(6, 3, 2)
    logs = np.log(model.predict(moved)) - np.log(model.predict(zero))
    assert_allclose(effects.ravel(), logs, atol=1e-8)


# --- errors --------------------------------------------------------------------------------------


def test_a_loss_without_a_distribution_is_named():
    model = net("huber").fit(X, TARGETS["normal"])
    text = 'needs a network that predicts a distribution, and this one was fitted with loss="huber'
    for ask in (
        lambda: model.predict(X, quantiles=[0.1]),
        lambda: model.predict(X, return_std=True),
        lambda: model.log_score(X, TARGETS["normal"]),
    ):
        with pytest.raises(ValueError, match=text):
            ask()
    model = net("quantile", quantile=[0.1, 0.5]).fit(X, TARGETS["normal"])
    with pytest.raises(ValueError, match="return_std needs a network that predicts a distribution"):
        model.predict(X, return_std=True)


def test_fractions_have_a_mean_but_no_distribution():
    y = TARGETS["poisson"] + 0.5
    model = net("poisson").fit(X, y)
    assert model.predict(X).min() > 0
    text = "it is one of counts, and y had values that are not whole"
    with pytest.raises(ValueError, match=text):
        model.predict(X, return_std=True)
    model = net("poisson").fit(X, y - 0.5)
    with pytest.raises(ValueError, match='loss="poisson" needs y to be counts, whole numbers; got'):
        model.log_score(X, y)
    model.partial_fit(X, y)
    with pytest.raises(ValueError, match=text):
        model.predict(X, quantiles=[0.5])


REFUSED = {
    "fractions": ({}, TARGETS["poisson"] + 0.25, "needs y to be counts, whole numbers; got"),
    "negative": ({}, TARGETS["poisson"] - 9, "needs y to be non-negative; got a minimum of -9."),
    "zeros": ({}, 0 * TARGETS["poisson"], "needs y to have a positive mean in each output."),
    "windows": (
        {"standardize": "last"},
        TARGETS["poisson"],
        'loss="negative_binomial" needs counts',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_count_is_refused(name):
    given, y, text = REFUSED[name]
    model = net("negative_binomial", **given)
    with pytest.raises(ValueError, match=re.escape(text)):
        model.fit(X, y)
    assert not hasattr(model, "net_")


def test_arguments_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match=r'^dispersion="varying" needs .*; loss="poisson" has no'):
        net("poisson", dispersion="varying").fit(X, TARGETS["poisson"])
    model = net("normal").fit(X, TARGETS["normal"])
    with pytest.raises(ValueError, match="quantiles and return_std=True cannot be given together"):
        model.predict(X, quantiles=[0.5], return_std=True)
    with pytest.raises(ValueError, match="quantiles must be a list of numbers above 0 and below 1"):
        model.predict(X, quantiles=[1.0])
    with pytest.raises(ValueError, match="y has 199 samples, but X has 200"):
        model.log_score(X, TARGETS["normal"][:-1])
