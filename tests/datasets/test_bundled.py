"""The bundled data are as documented, and give the known values."""

import gzip
import hashlib
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn.datasets import load_boston, load_hitters, load_nyse
from sklearn_rnn.forecasting import PersistenceRegressor, make_ar
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._make_lagged import make_lagged

SERIES = ["DJ_return", "log_volume", "log_volatility"]
DAYS = ["day_mon", "day_tues", "day_wed", "day_thur", "day_fri"]


def test_nyse_is_the_original_file():
    packed = (resources.files("sklearn_rnn.datasets") / "data" / "NYSE.csv.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == (
        "4bb3e2e9872b2f7e6e8701afb8873cd9f4b7e66ee0b1ba62c116ff2b3a2eec60"
    )
    assert (resources.files("sklearn_rnn.datasets") / "data" / "LICENSE-ISLP.md").is_file()


def test_nyse_as_frame():
    nyse = load_nyse(as_frame=True)
    assert nyse.data.shape == (6051, 3)
    assert list(nyse.data.columns) == nyse.feature_names == SERIES
    assert nyse.frame.shape == (6051, 5)
    assert nyse.target_names == [nyse.target.name] == ["log_volume"]
    assert nyse.data.index.name == "date"
    assert not nyse.frame.isna().any(axis=None)
    assert nyse.train.sum() == 4281
    assert nyse.data.index[nyse.train][-1] == pd.Timestamp("1979-12-31")
    assert nyse.data.index[~nyse.train][0] == pd.Timestamp("1980-01-02")
    assert (nyse.data.index == nyse.date).all()
    weekday = nyse.data.index.day_name().str.lower()
    assert all(day.startswith(short) for day, short in zip(weekday, nyse.day_of_week, strict=True))
    assert "LeBaron and Weigend (1998)" in nyse.DESCR


def test_nyse_as_arrays():
    nyse, framed = load_nyse(), load_nyse(as_frame=True)
    assert nyse.frame is None
    for name in ("data", "target", "day_of_week", "train"):
        assert isinstance(nyse[name], np.ndarray)
        np.testing.assert_array_equal(nyse[name], framed[name])


@pytest.mark.parametrize("as_frame", [False, True])
@pytest.mark.parametrize("day_of_week", [False, True])
def test_nyse_as_a_pair(as_frame, day_of_week):
    X, y = load_nyse(return_X_y=True, as_frame=as_frame, day_of_week=day_of_week)
    nyse = load_nyse(as_frame=as_frame, day_of_week=day_of_week)
    assert type(X) is type(nyse.data)
    np.testing.assert_array_equal(X, nyse.data)
    np.testing.assert_array_equal(y, nyse.target)
    assert X.shape == (6051, 8 if day_of_week else 3)


def test_hitters_is_the_original_file():
    packed = (resources.files("sklearn_rnn.datasets") / "data" / "Hitters.csv.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == (
        "ebf7b9dff89366b0544fea09c0ac2df9abdbf5b4ce8d96651316c2c12793d952"
    )


@pytest.mark.parametrize("drop_missing", [True, False])
def test_hitters_as_frame_and_as_arrays(drop_missing):
    hitters = load_hitters(as_frame=True, drop_missing=drop_missing)
    n_players = 263 if drop_missing else 322
    assert hitters.frame.shape == (n_players, 20)
    assert list(hitters.data.columns) == hitters.feature_names
    assert hitters.target_names == [hitters.target.name] == ["Salary"]
    assert hitters.target.isna().sum() == n_players - 263
    assert not hitters.data.isna().any(axis=None)
    assert list(hitters.data.index) == list(range(n_players))
    labels = hitters.data[["League", "Division", "NewLeague"]]
    assert sorted(set(labels.to_numpy().ravel())) == ["A", "E", "N", "W"]
    assert hitters.data.drop(columns=labels.columns).dtypes.eq("int64").all()
    plain = load_hitters(drop_missing=drop_missing)
    assert plain.frame is None
    np.testing.assert_array_equal(plain.data, hitters.data)
    np.testing.assert_array_equal(plain.target, hitters.target)
    X, y = load_hitters(return_X_y=True, as_frame=True, drop_missing=drop_missing)
    assert X.equals(hitters.data)
    assert y.equals(hitters.target)


def test_hitters_gives_the_known_least_squares():
    # R prints 0.5461 for summary(lm(Salary ~ ., Hitters))$r.squared.
    X, y = load_hitters(return_X_y=True, as_frame=True)
    X = pd.get_dummies(X, drop_first=True, dtype=float)
    assert round(LinearRegression().fit(X, y).score(X, y), 4) == 0.5461


def test_boston_is_the_original_file():
    packed = (resources.files("sklearn_rnn.datasets") / "data" / "Boston.csv.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == (
        "c9c9ac3fb3574db6ff1e7e11a03117d0ce8a5e2e817c3755fa5045fc66d9d94b"
    )


def test_boston_as_frame_and_as_arrays():
    boston = load_boston(as_frame=True)
    assert boston.frame.shape == (506, 13)
    assert list(boston.data.columns) == boston.feature_names
    assert boston.target_names == [boston.target.name] == ["medv"]
    assert not boston.frame.isna().any(axis=None)
    assert "black" not in boston.frame
    plain = load_boston()
    assert plain.frame is None
    assert plain.data.dtype == float
    np.testing.assert_array_equal(plain.data, boston.data)
    np.testing.assert_array_equal(plain.target, boston.target)
    X, y = load_boston(return_X_y=True, as_frame=True)
    assert X.equals(boston.data)
    assert y.equals(boston.target)


def test_boston_gives_the_known_least_squares():
    # ISLP, chapter 3: medv on lstat has the intercept 34.5538 and the slope -0.95.
    X, y = load_boston(return_X_y=True, as_frame=True)
    line = LinearRegression().fit(X[["lstat"]], y)
    assert round(line.intercept_, 4) == 34.5538
    assert round(line.coef_[0], 2) == -0.95


def test_every_day_has_one_day_of_the_week():
    X, _ = load_nyse(return_X_y=True, as_frame=True, day_of_week=True)
    assert list(X.columns) == SERIES + DAYS
    assert (X[DAYS].sum(axis=1) == 1).all()
    assert (X["day_thur"] == (X.index.day_of_week == 3)).all()


def test_nyse_is_one_segment():
    X, y = load_nyse(return_X_y=True, as_frame=True)
    assert len(make_lagged(X, y, 5)[0]) == 6051 - 5


@pytest.fixture(scope="module")
def lab():
    """Return X, y and the training flags of ISLP, chapter 10: all columns standardised."""
    nyse = load_nyse(as_frame=True, day_of_week=True)
    X = StandardScaler().set_output(transform="pandas").fit_transform(nyse.data)
    return X, X["log_volume"], nyse.train


def score_in_the_lab(model, X, y, train):
    """Fit on the training days, without the first five as in ISLP, and score the others."""
    complete = {f"{model.steps[-1][0]}__sample_weight": np.arange(train.sum()) >= 5}
    return model.fit(X[train], y[train], **complete).score(X[~train], y[~train])


def test_persistence_in_the_lab(lab):
    X, y, train = lab
    model = make_pipeline(LagTransformer(5), PersistenceRegressor(channel=1))
    score = model.fit(X[SERIES][train], y[train]).score(X[SERIES][~train], y[~train])
    assert round(score, 4) == 0.1803


def test_ar_in_the_lab(lab):
    X, y, train = lab
    assert round(score_in_the_lab(make_ar(5), X[SERIES], y, train), 5) == 0.41289


def test_ar_in_the_lab_outside_a_pipeline(lab):
    X, y, train = lab
    lags, volume = make_lagged(X[SERIES], y, 5, flatten=True)
    train = train.to_numpy()[5:]
    ar = LinearRegression().fit(lags[train], volume[train])
    assert round(ar.score(lags[~train], volume[~train]), 5) == 0.41289


def test_ar_with_the_present_day_of_the_week_in_the_lab(lab):
    X, y, train = lab
    design = ColumnTransformer(
        [("present", "passthrough", DAYS)], remainder=LagTransformer(5, flatten=True)
    )
    model = make_pipeline(design, LinearRegression())
    assert round(score_in_the_lab(model, X, y, train), 5) == 0.45956


def test_ar_with_the_days_of_the_week_of_all_lags_in_the_lab(lab):
    # Made by numpy.linalg.lstsq on pandas' shift(1), ..., shift(5) of the series and
    # shift(0), ..., shift(4) of the days.
    X, y, train = lab
    assert round(score_in_the_lab(make_ar(5, known_ahead=DAYS), X, y, train), 5) == 0.47911
