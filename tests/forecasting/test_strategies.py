"""Recursive forecasts against a loop by hand, statsmodels, and the model of one step."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from statsmodels.tsa.api import VAR
from statsmodels.tsa.ar_model import AutoReg

from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.forecasting._autoregression import make_ar
from sklearn_rnn.forecasting._forecaster import Forecaster
from sklearn_rnn.neural_network._recurrent import LSTMRegressor
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from tests.nets import few_epochs

RNG = np.random.default_rng(0)
N, STEPS = 60, 7
AIR_PASSENGERS = Path(__file__).parents[1] / "data" / "AirPassengers.csv"


def index_of(name, n):
    if name == "working days":  # without holidays; the frequency has to be inferred
        return pd.DatetimeIndex(list(pd.bdate_range("2026-01-05", periods=n)))
    if name == "days with a gap":
        return pd.date_range("2026-01-05", periods=n + 1).delete(20)
    if name == "numbers by two":
        return pd.Index(np.arange(3, 3 + 2 * n, 2))
    if name == "fractions":
        return pd.Index(np.arange(n) / 10)
    return {
        "numbers": pd.RangeIndex(n),
        "days": pd.date_range("2026-01-05", periods=n, name="day"),
        "days of a zone": pd.date_range("2026-03-01", periods=n, tz="Europe/Berlin"),
        "month ends": pd.date_range("2020-01-31", periods=n, freq="ME"),
        "quarters": pd.period_range("2020Q1", periods=n, freq="Q"),
        "hours": pd.timedelta_range("0h", periods=n, freq="h"),
    }[name]


INDEXES = ["working days", "days with a gap", "numbers by two", "fractions", "numbers", "days"]
INDEXES += ["days of a zone", "month ends", "quarters", "hours"]


def recursive(estimator=None, **parameters):
    return Forecaster(estimator, strategy="recursive", **parameters)


def frame(name="numbers", n=N):
    """Return two autoregressive columns that depend on each other and on a third."""
    day = np.arange(n) % 5.0
    values = np.zeros((n, 2))
    for t in range(1, n):
        values[t] = values[t - 1] @ [[0.6, 0.3], [-0.4, 0.5]] + 0.3 * day[t] + RNG.normal(size=2)
    columns = {"a": values[:, 0], "b": values[:, 1], "day": day}
    return pd.DataFrame(columns, index=index_of(name, n))


def forecast_by_hand(pipe, past, target, ahead):
    """Return the forecasts of a fitted pipe that is given the whole past each time."""
    rows = past
    for k in range(len(ahead)):
        rows = pd.concat([rows, ahead.iloc[[k]].assign(**dict.fromkeys(target, 0.0))])
        rows.loc[rows.index[-1], target] = pipe.predict(rows)[-1]
    return rows[target].iloc[len(past) :]


# One of the indexes has a gap, which fills lags.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
@pytest.mark.parametrize("name", INDEXES)
def test_forecasts_and_their_index_equal_those_of_a_loop_by_hand(name):
    X = frame(name)
    past, ahead = X.iloc[:-STEPS], X.iloc[-STEPS:]
    pipe = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        LagTransformer(3, step=2, known_ahead=["day"], flatten=True),
        LinearRegression(),
    )
    forecaster = recursive(pipe, target=["a", "b"]).fit(past)
    fitted = CompleteRows(pipe).fit(past, past[["a", "b"]])
    expected = forecast_by_hand(fitted, past, ["a", "b"], ahead)
    found = forecaster.predict(ahead[["day"]])
    pd.testing.assert_frame_equal(found, expected, check_freq=False)
    assert forecaster.window_size_ == 5


@pytest.mark.parametrize("name", INDEXES)
def test_the_index_is_continued(name):
    X = frame(name)[["a"]]
    expected = X.index[-STEPS:]
    forecast = recursive(make_ar(2)).fit(X.iloc[:-STEPS]).predict(STEPS)
    assert forecast.name == "a"
    if name == "fractions":
        np.testing.assert_allclose(forecast.index, expected, rtol=1e-12)
        return
    assert forecast.index.equals(expected)
    assert (forecast.index.dtype, forecast.index.name) == (expected.dtype, expected.name)
    if isinstance(expected, pd.DatetimeIndex) and name != "days with a gap":
        assert forecast.index.freq == pd.DatetimeIndex(expected, freq="infer").freq


def test_irregular_times_are_continued_by_the_usual_step_or_as_given():
    days = pd.bdate_range("2026-01-05", periods=N).delete([8, 30, N - 3])
    for index, following in ((days, "1B"), (days.union([pd.Timestamp("2026-01-24")]), "1D")):
        X = frame().iloc[: len(index)].set_axis(index)
        past, ahead = X[:-STEPS], X[-STEPS:]
        forecaster = recursive(make_ar(2), target="a").fit(past[["a"]])
        usual = forecaster.predict(STEPS)
        expected = pd.date_range(past.index[-1], periods=STEPS + 1, freq=following)[1:]
        assert usual.index.equals(expected)
        trading = forecaster.predict(ahead[[]])
        assert trading.index.equals(ahead.index)
        np.testing.assert_array_equal(trading, usual)  # the model reads lags, not times


def test_an_irregular_index_is_continued_as_given_alone():
    seconds = np.random.default_rng(0).integers(3000, 4000, N).cumsum()
    X = frame().set_axis(pd.DatetimeIndex(seconds.astype("M8[s]")))
    ahead = X.set_axis(X.index + (X.index[-1] - X.index[0] + pd.Timedelta("1h")))
    forecaster = recursive(make_ar(2)).fit(X[["a"]])
    with pytest.raises(
        ValueError, match=r"^The times of the series are irregular, so future times"
    ):
        forecaster.predict(STEPS)
    found = forecaster.predict(ahead[[]][:STEPS])
    assert found.index.equals(ahead.index[:STEPS])


def test_one_step_is_the_prediction_of_the_next_row():
    X = frame("days")
    past, ahead = X[:-1], X[-1:]
    pipe = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        LagTransformer(4, known_ahead=["day"]),
        LSTMRegressor(hidden_size=4, lr_schedule="onecycle", max_epochs=3, random_state=0),
    )
    forecaster = recursive(pipe, target=["a", "b"]).fit(past)
    fitted = CompleteRows(pipe).fit(past, past[["a", "b"]])
    expected = fitted.predict(ahead)  # its history is that of fit
    np.testing.assert_allclose(forecaster.predict(ahead), expected, rtol=1e-6)
    forecaster.set_params(target="a", known_ahead=["b"]).fit(past)
    expected = CompleteRows(pipe).fit(past, past["a"]).predict(ahead)
    np.testing.assert_allclose(forecaster.predict(ahead), expected, rtol=1e-6)


def test_a_linear_autoregression_forecasts_as_statsmodels_does():
    X = frame()[["a"]]
    expected = AutoReg(X["a"], lags=3).fit().predict(N, N + STEPS - 1)
    found = recursive(make_ar(3)).fit(X).predict(STEPS)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert found.index.equals(expected.index)


def test_exogenous_columns_enter_as_in_statsmodels():
    X = frame()[["a", "day"]]
    past, ahead = X[:-STEPS], X[-STEPS:]
    model = AutoReg(past["a"], lags=3, exog=past[["day"]]).fit()
    expected = model.predict(len(past), N - 1, exog_oos=ahead[["day"]])
    forecaster = recursive(make_ar(3, exogenous=["day"]), target="a", known_ahead=["day"]).fit(past)
    np.testing.assert_allclose(forecaster.predict(ahead), expected, rtol=1e-8)


def test_several_targets_are_a_vector_autoregression():
    X = frame()[["a", "b"]]
    expected = VAR(X).fit(3).forecast(X.to_numpy()[-3:], STEPS)
    found = recursive(make_ar(3), target=["a", "b"]).fit(X).predict(STEPS)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert found.columns.tolist() == ["a", "b"]


def test_another_past_takes_the_place_of_that_of_fit():
    X = frame("days")
    forecaster = recursive(make_ar(3, known_ahead=["day"]), target=["a", "b"])
    pipe = forecaster.fit(X[:40]).models_[0]
    expected = forecaster.predict(X[40 : 40 + STEPS])
    pd.testing.assert_frame_equal(
        forecaster.predict(X[40 : 40 + STEPS], past=X[:40][["day", "b", "a"]]), expected
    )
    later = forecaster.predict(X[50 : 50 + STEPS], past=X[45:50])
    by_hand = forecast_by_hand(pipe, X[:50], ["a", "b"], X[50 : 50 + STEPS])
    pd.testing.assert_frame_equal(later, by_hand, check_freq=False)
    moved = X[45:50].set_axis(index_of("days", 305)[300:])  # far from the rows of fit
    again = forecaster.predict(X[50 : 50 + STEPS].shift(freq="255D"), past=moved)
    np.testing.assert_allclose(again, later, rtol=1e-12)


def test_no_more_rows_are_read_than_are_needed():
    tables, windows = [], []
    pipe = make_pipeline(
        FunctionTransformer(lambda X: tables.append(len(X)) or X),
        LagTransformer(4, step=3, flatten=True),
        FunctionTransformer(),
        type(
            "Spy", (LinearRegression,), {"predict": lambda self, X: windows.append(len(X)) or [0]}
        )(),
    )
    forecaster = recursive(pipe, target="a").fit(frame()[["a"]])
    tables.clear()
    forecaster.predict(STEPS)
    assert forecaster.window_size_ == 10
    assert tables == [11] * (STEPS + 1)  # and once to see that no row is missing
    assert windows == [1] * STEPS


def test_lags_are_found_wherever_they_are():
    X = frame()[["a"]]
    plain = recursive(make_ar(6)).fit(X)
    expected = plain.predict(STEPS)
    cv = TimeSeriesSplit(2)
    search = GridSearchCV(make_ar(2), {"lagtransformer__n_lags": [6]}, cv=cv)
    for estimator, size in [
        (search, 6),
        (make_pipeline(FunctionTransformer(), search), 6),
        (TransformedTargetRegressor(make_ar(6), transformer=StandardScaler()), 6),
        (make_ar(4, seasonal_lags=[5, 6]), 6),
    ]:
        forecaster = recursive(estimator).fit(X)
        assert forecaster.window_size_ == size
        np.testing.assert_allclose(forecaster.predict(STEPS), expected, rtol=1e-8)
    assert recursive().fit(X).window_size_ == 5


@pytest.mark.parametrize("kind", ["pipeline", "search", "fit"])
def test_the_model_is_fitted_to_complete_rows(kind):
    X = frame()[["a"]]
    pipeline = make_pipeline(LagTransformer(3, flatten=True), LinearRegression())
    models = {
        "pipeline": pipeline,
        "search": GridSearchCV(pipeline, {"linearregression__positive": [False]}, cv=2),
        "fit": CompleteRows(pipeline, incomplete="fit"),
    }
    expected = pipeline.fit(X, X["a"]) if kind == "fit" else make_ar(3).fit(X, X["a"])
    found = open_search(recursive(models[kind]).fit(X).models_[0])
    np.testing.assert_allclose(found[-1].coef_, expected[-1].coef_, rtol=1e-10)


def test_air_passengers_are_forecast_as_by_autoreg():
    X = np.log(pd.read_csv(AIR_PASSENGERS, index_col=0, parse_dates=True))
    errors = []
    for train, test in TimeSeriesSplit(5, test_size=12).split(X):
        forecast = recursive(make_ar(13)).fit(X.iloc[train]).predict(12)
        theirs = AutoReg(X.iloc[train, 0].to_numpy(), 13).fit().forecast(12)
        np.testing.assert_allclose(forecast, theirs, rtol=1e-6)
        errors.append(root_mean_squared_error(X.iloc[test], forecast))
    assert round(np.mean(errors), 4) == 0.0463


def test_integer_values_and_names_do_not_round_forecasts():
    X = frame()[["a"]].round().astype(int).set_axis([0], axis=1)
    found = recursive(make_ar(3), target=0).fit(X).predict(STEPS)
    expected = recursive(make_ar(3), target=0).fit(X.astype(float)).predict(STEPS)
    pd.testing.assert_series_equal(found, expected)
    assert found.dtype == "float64"


def test_it_is_cloned_and_searched_into():
    X = frame("days")
    forecaster = recursive(make_ar(3, known_ahead=["day"]), target=["a", "b"])
    assert clone(forecaster).get_params()["estimator__lagtransformer__n_lags"] == 3
    forecaster.set_params(estimator__lagtransformer__n_lags=4).fit(X[:50])
    assert forecaster.window_size_ == 4
    assert not hasattr(forecaster.estimator, "n_features_in_")  # the original is as it was
    assert forecaster.feature_names_in_.tolist() == ["a", "b", "day"]


def scaled(**parameters):
    scaler = StandardScaler().set_output(transform="pandas")
    return make_pipeline(scaler, LagTransformer(3, flatten=True, **parameters), LinearRegression())


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        (make_ar(3, delay=0), "a"),
        (make_ar(3, known_ahead=["a"]), "a"),
        (make_ar(3, known_ahead=["b"]), ["a", "b"]),
        (make_ar(3, exogenous=["a"]), "a"),
        (make_ar(3, delay=2, seasonal_lags=(5,), known_ahead=["a"]), "a"),
        (scaled(delay=0), "a"),
        (make_pipeline(LagTransformer(3, delay=0), LSTMRegressor(max_epochs=1)), "a"),
        (make_pipeline(LagTransformer(3, known_ahead=["a"]), LSTMRegressor(max_epochs=1)), "a"),
        (GridSearchCV(make_ar(3, delay=0), {}, cv=TimeSeriesSplit(2)), "a"),
        (TransformedTargetRegressor(make_ar(3, delay=0), transformer=StandardScaler()), "a"),
    ],
)
@few_epochs
# Before the error the fit has warned.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.TargetLeakWarning")
def test_a_model_that_reads_the_target_it_forecasts_is_refused(estimator, target):
    forecaster = recursive(estimator, target=target)
    before = dict(vars(forecaster))
    X = frame("days")
    with pytest.raises(ValueError, match=r"^estimator reads '[ab]' in rows that it forecasts, 1"):
        forecaster.fit(X[["a", "b"]] if isinstance(target, list) else X[["a"]])
    assert vars(forecaster) == before


def test_covariates_of_the_row_to_be_forecast_may_be_read():
    lags = [("a", LagTransformer(3, flatten=True), ["a"])]
    now = [("day", LagTransformer(1, delay=0, flatten=True), ["day"])]
    X = frame("days")[["a", "day"]]
    pipe = make_pipeline(ColumnTransformer(lags + now), LinearRegression())
    known = recursive(make_ar(3, exogenous=["day"]), target="a", known_ahead=["day"])
    known.fit(X[:50])
    found = recursive(pipe, target="a", known_ahead=["day"]).fit(X[:50]).predict(X[50:])
    np.testing.assert_allclose(found, known.predict(X[50:]), rtol=1e-8)


def test_rows_beyond_max_gap_of_the_lags_do_not_follow():
    X = frame("days")[["a"]]
    forecaster = recursive(make_ar(3, max_gap="1D")).fit(X[:50])
    with pytest.raises(ValueError, match=r"^Rows ahead must continue each series from its end"):
        forecaster.predict(X[51:])
    wide = recursive(make_ar(3, max_gap="30D")).fit(X[:50])
    assert wide.predict(X.iloc[[55, 59]]).notna().all()


def test_it_must_be_fitted_first():
    with pytest.raises(NotFittedError):
        recursive(target="a").predict(3)


def test_the_rows_before_are_no_reason_for_a_warning():
    X = frame("days")[["a"]]
    forecast = recursive(make_ar(5)).fit(X).predict(3, past=X[-9:-2])
    assert len(forecast) == 3
