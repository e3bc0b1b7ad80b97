"""Files of skops, which hold no code: every fitted estimator is loaded from one."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_rnn
from sklearn_rnn import (
    ARRegressor,
    CalendarFeatures,
    CompleteRows,
    DifferencedRegressor,
    Forecaster,
    GRUClassifier,
    IntervalRegressor,
    LagRidge,
    LagTransformer,
    LocalForecaster,
    LSTMRegressor,
    NaiveForecaster,
    PersistenceRegressor,
    TextSequencer,
    make_ar,
    make_lasso,
    make_linear,
)
from tests.nets import CLASSIFIERS, NETS, few_epochs

sio = pytest.importorskip("skops.io", reason="skops, of the extra `test`, is not installed")

pytestmark = few_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5, 2))
Y = X[:, -1, 0]
LABELS = np.where(Y > 0, "up", "down")
DAYS = pd.date_range("2020-01-01", periods=80)
FRAME = pd.DataFrame(RNG.normal(size=(80, 2)).cumsum(axis=0), DAYS, ["a", "b"])
ZONED = FRAME.tz_localize(ZoneInfo("Europe/Amsterdam"))
PANEL = pd.concat({"u": FRAME, "v": FRAME[:50]}, names=["series", "time"])
TEXTS = ["a fine film", "dull and long", "fine, fine actors"] * 5
SHORT = {"max_epochs": 2, "random_state": 0}
LINEAR = [getattr(sklearn_rnn, name) for name in sklearn_rnn.__all__ if name.startswith("Lag")]
CLASSES = [cls for cls in vars(sklearn_rnn).values() if hasattr(cls, "fit")]
PUBLIC = {f"{cls.__module__}.{cls.__name__}" for cls in CLASSES}
OF_TIMES = {"zoneinfo.ZoneInfo", "pandas._libs.tslibs.offsets.Day"}
COUNTS = np.arange(60) % 3


def y_for(cls):
    names = {"Logistic": LABELS, "Classifier": LABELS, "Poisson": COUNTS}
    return next((y for part, y in names.items() if part in cls.__name__), Y)


FITTED = {
    **{cls.__name__: (cls(**SHORT), X, LABELS if cls in CLASSIFIERS else Y) for cls in NETS},
    **{cls.__name__: (cls(), X, y_for(cls)) for cls in LINEAR if cls is not LagTransformer},
    "members": (LSTMRegressor(n_members=2, warm_start=True, **SHORT), X, Y),
    "tokens": (GRUClassifier(embedding_dim=3, **SHORT), COUNTS[X.argsort(axis=1)[..., 0]], LABELS),
    "quantiles": (LSTMRegressor(loss="quantile", quantile=[0.1, 0.5], **SHORT), X, Y),
    "distribution": (LSTMRegressor(loss="student_t", **SHORT), X, Y),
    "array": (LagTransformer(2), FRAME.to_numpy(), None),
    "frame": (LagTransformer(2), FRAME, None),
    "zone": (LagTransformer(2), ZONED, None),
    "numbered frame": (LagTransformer(2), FRAME.reset_index(drop=True), None),
    "columns": (LagTransformer(2, time="time", series="series"), PANEL.reset_index(), None),
    "make_ar": (make_ar(2), FRAME, FRAME["a"]),
    "make_lasso": (make_lasso(2), PANEL, PANEL["a"]),
    "network in a pipeline": (
        CompleteRows(
            make_pipeline(CalendarFeatures(), LagTransformer(3, delay=1), LSTMRegressor(**SHORT))
        ),
        FRAME,
        FRAME["a"],
    ),
    "differences": (
        DifferencedRegressor(
            make_pipeline(LagTransformer(2, flatten=True), StandardScaler(), Ridge())
        ),
        FRAME,
        FRAME["a"],
    ),
    "autoregression": (ARRegressor(2), FRAME, FRAME["a"]),
    "intervals": (
        IntervalRegressor(make_pipeline(LagTransformer(2, flatten=True, delay=1), Ridge())),
        FRAME,
        FRAME["a"],
    ),
    "forecaster": (Forecaster(make_ar(2), 2, target="a"), PANEL[["a"]], None),
    "naive forecaster": (NaiveForecaster(target="a"), PANEL, None),
    "persistence": (PersistenceRegressor(), X, Y),
    "texts": (TextSequencer(), TEXTS, None),
}


@pytest.mark.parametrize("name", FITTED)
def test_a_file_of_skops_is_loaded_with_the_public_classes_alone(name):
    estimator, X, y = FITTED[name]
    estimator.fit(*(data for data in (X, y) if data is not None))
    stored = sio.dumps(estimator)
    types = sio.get_untrusted_types(data=stored)
    assert set(types) <= PUBLIC | OF_TIMES
    assert len(types) <= 6
    again = sio.loads(stored, trusted=types)
    X = 2 if isinstance(estimator, Forecaster | NaiveForecaster) else X
    use = "predict" if hasattr(estimator, "predict") else "transform"
    mine, other = (np.asarray(getattr(model, use)(X)) for model in (estimator, again))
    np.testing.assert_array_equal(mine, other)


class LastValue(BaseEstimator):
    """A model of a single series."""

    def forecast(self, y, h):
        return {"mean": np.full(h, y[-1])}


CALENDARS = {
    "days": DAYS,
    "zone": ZONED.index,
    "business days": pd.bdate_range("2020-01-01", periods=80),
    "month ends": pd.date_range("2010-01-31", periods=80, freq="ME"),
    "second quarters": pd.date_range("2010-01-01", periods=80, freq="2QS"),
    "periods": pd.period_range("2010-01", periods=80, freq="M"),
    "weeks": pd.period_range("2020-01-05", periods=80, freq="W-SUN"),
    "numbers": pd.RangeIndex(80),
}
IN_PIPELINE = make_pipeline(LagTransformer(2, flatten=True), Ridge())
FORECASTERS = {
    **{how: Forecaster(make_ar(2), 2, strategy=how) for how in ("direct", "recursive")},
    "multi_output": Forecaster(make_linear(2, horizon=2), 2, strategy="multi_output"),
    "differences": Forecaster(DifferencedRegressor(IN_PIPELINE), 2),
    "search": Forecaster(GridSearchCV(IN_PIPELINE, {"ridge__alpha": [0.1, 1.0]}, cv=2), 2),
    "network": Forecaster(make_pipeline(LagTransformer(2), LSTMRegressor(**SHORT)), 2),
    "two targets": Forecaster(make_ar(2), 2, target=["a", "b"]),
    **{how: NaiveForecaster(how, season=4) for how in ("last", "drift", "seasonal_mean")},
    "local": LocalForecaster(LastValue()),
}


@pytest.mark.parametrize("calibration_rows", [0, 3])
@pytest.mark.parametrize(
    ("name", "calendar", "is_panel"),
    [(name, "days", is_panel) for name in FORECASTERS for is_panel in (False, True)]
    + [("recursive", calendar, is_panel) for calendar in CALENDARS for is_panel in (False, True)],
)
def test_a_forecaster_predicts_the_same_from_a_file_of_skops(
    name, calendar, is_panel, calibration_rows
):
    model = clone(FORECASTERS[name]).set_params(calibration_rows=calibration_rows)
    table = FRAME.set_axis(CALENDARS[calendar], axis=0)
    table = pd.concat({"u": table, "v": table[:60]}) if is_panel else table
    table = table if model.target else table[["a"]]
    stored = sio.dumps(model.fit(table))
    types = sio.get_untrusted_types(data=stored)
    expected = PUBLIC | {f"{__name__}.LastValue", "zoneinfo.ZoneInfo", "datetime.timedelta"}
    of_others = ("pandas._libs.tslibs.offsets.", "sklearn.")
    assert all(kind in expected or kind.startswith(of_others) for kind in types)
    again = sio.loads(stored, trusted=types)
    level = 0.5 if calibration_rows else None
    mine, other = (one.predict(2, level=level) for one in (model, again))
    (assert_series_equal if isinstance(mine, pd.Series) else assert_frame_equal)(mine, other)
    assert_frame_equal(again.naive_error_, model.naive_error_)


def test_training_goes_on_from_a_file_of_skops():
    model = LSTMRegressor(warm_start=True, **SHORT).fit(X, Y)
    stored = sio.dumps(model)
    again = sio.loads(stored, trusted=sio.get_untrusted_types(data=stored))
    np.testing.assert_array_equal(again.fit(X, Y).predict(X), model.fit(X, Y).predict(X))
    assert again.loss_curve_ == model.loss_curve_


def test_nothing_is_loaded_that_is_not_trusted():
    model = LagRidge().fit(X, Y)
    with pytest.raises(sio.exceptions.UntrustedTypesFoundException, match="LagRidge"):
        sio.loads(sio.dumps(model))
