"""Windows over drawn indexes of every kind against naive twins: a shift by rows, a look-up by time.

Each case is a series, or a panel, whose slots are known: the full calendar, of which some rows are
missing. A twin that knows the calendar gives the right lags; the transformer sees the index alone.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.preprocessing import LagTransformer

N = 90
FILL = -9.0
ZONE = "Europe/Zurich"


def sessions(n):
    days = pd.bdate_range("2024-02-26", periods=n // 7 + 1)
    hours = pd.date_range("2024-01-01 09:30", periods=7, freq="h") - pd.Timestamp("2024-01-01")
    return pd.DatetimeIndex([day + hour for day in days for hour in hours])[:n]


def irregular(n, rng):
    """Return times whose longest gap comes first, so that later rows can follow."""
    gaps = rng.exponential(60, n).clip(1, 200)
    gaps[1] = 200
    return pd.Timestamp("2024") + pd.to_timedelta(gaps.cumsum(), unit="s")


# Calendars that can be told from the index, with rows missing or not: lags count time.
IN_TIME = {
    "range": lambda n, rng: pd.RangeIndex(n),
    "numbers in steps of 5": lambda n, rng: pd.RangeIndex(-7, 5 * n - 7, 5),
    "nullable": lambda n, rng: pd.Index(np.arange(n), dtype="Int64"),
    "fractions": lambda n, rng: pd.Index(np.arange(n) * 0.1),
    "jittered": lambda n, rng: pd.Index(np.arange(n) + rng.uniform(-0.05, 0.05, n)),
    "decimal years": lambda n, rng: pd.Index(np.round(1970 + np.arange(n) / 12, 3)),
    "jittered times": lambda n, rng: pd.to_datetime(
        np.arange(n) * 1000 + rng.integers(-50, 51, n), unit="ms"
    ),
    "days": lambda n, rng: pd.date_range("1999-12-20", periods=n),
    "hours": lambda n, rng: pd.date_range("1999-12-20", periods=n, freq="h"),
    "five minutes": lambda n, rng: pd.date_range("2020", periods=n, freq="5min"),
    "weeks": lambda n, rng: pd.date_range("2020", periods=n, freq="W"),
    "month starts": lambda n, rng: pd.date_range("2001", periods=n, freq="MS"),
    "month ends": lambda n, rng: pd.date_range("2001", periods=n, freq="ME"),
    "working month ends": lambda n, rng: pd.date_range("2001", periods=n, freq="BME"),
    "quarters": lambda n, rng: pd.date_range("1950", periods=n, freq="QE"),
    "years": lambda n, rng: pd.date_range("1900", periods=n, freq="YS", unit="s"),
    "hours of a zone": lambda n, rng: pd.date_range("2024-03-29", periods=n, freq="h", tz=ZONE),
    "days of a zone": lambda n, rng: pd.date_range("2024-02-20", periods=n, tz=ZONE),
    "durations": lambda n, rng: pd.timedelta_range("0h", periods=n, freq="7h"),
    "periods": lambda n, rng: pd.period_range("1950-01", periods=n, freq="M"),
    "periods of days": lambda n, rng: pd.period_range("1950-01", periods=n, freq="D"),
}
# Where rows are missing, lags count rows: steps are irregular, or there are holidays.
IN_ROWS = {
    "irregular": irregular,
    "irregular numbers": lambda n, rng: pd.Index(rng.exponential(1, n).cumsum()),
    "events of a zone": lambda n, rng: irregular(n, rng).tz_localize(ZONE),
}
# Whole, they can be counted in either unit.
OPEN_HOURS = {
    "working days": lambda n, rng: pd.bdate_range("1999-12-20", periods=n),
    "sessions": lambda n, rng: sessions(n),
    "sessions of a zone": lambda n, rng: sessions(n).tz_localize(ZONE),
    "Unix seconds of working days": lambda n, rng: pd.Index(
        pd.bdate_range("2000", periods=n).astype("datetime64[s]").astype("int64")
    ),
}


def drawn_window(rng):
    n_lags, delay, step = (int(rng.integers(low, high)) for low, high in ((1, 5), (0, 4), (1, 3)))
    return {"n_lags": n_lags, "delay": delay, "step": step}


def backs(window):
    newest = window["delay"]
    return [newest + j * window["step"] for j in range(window["n_lags"] - 1, -1, -1)]


def by_slots(slots, values, wanted, window):
    """Look every lag up by its slot among those that are known."""
    known = dict(zip(slots, values, strict=True))
    return np.array([[known.get((s, t - k), FILL) for k in backs(window)] for s, t in wanted])


def transform(lags, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWindowsWarning)
        return lags.transform(X)[..., 0]


def fit(X, window, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWindowsWarning)
        return LagTransformer(**window, fill_value=FILL, **options).fit(X)


def draw(kinds, names, rng, missing=0.0, n_series=1):
    """Draw a series or a panel, and return it with the (series, slot) of each row."""
    frames, slots = [], []
    for series in range(n_series):
        index = kinds[names[series % len(names)]](N, rng)
        kept = np.sort(rng.permutation(N)[: N - int(missing * N)])
        frames.append(pd.DataFrame({"a": rng.normal(size=len(kept))}, index=index[kept]))
        slots += [(series, int(t)) for t in kept]
    X = frames[0] if n_series == 1 else pd.concat(dict(enumerate(frames)), names=["s", "t"])
    return X, slots


def shuffled(X, slots, rng):
    order = rng.permutation(len(X))
    return X.iloc[order], [slots[i] for i in order]


def draws(kinds, n_seeds):
    return [(name, seed) for name in kinds for seed in range(n_seeds)]


@pytest.mark.parametrize(("name", "seed"), draws(IN_TIME, 8))
def test_lags_count_time_where_the_calendar_is_regular(name, seed):
    rng = np.random.default_rng(seed)
    window = drawn_window(rng)
    X, slots = draw({**IN_TIME}, [name], rng, missing=[0, 0.1, 0.2, 0.3][seed % 4])
    if seed % 3 == 2:
        X, slots = shuffled(X, slots, rng)
    expected = by_slots(slots, X.a, slots, window)
    np.testing.assert_array_equal(transform(fit(X, window), X), expected)


@pytest.mark.parametrize(("name", "seed"), draws(IN_TIME | OPEN_HOURS, 4))
@pytest.mark.parametrize("gap", [0, 1, 3])
def test_test_rows_see_their_true_past_and_the_rows_of_a_gap_are_missing(name, seed, gap):
    rng = np.random.default_rng(seed)
    window = drawn_window(rng)
    X, slots = draw(IN_TIME | OPEN_HOURS, [name], rng)
    for train, test in TimeSeriesSplit(2, test_size=20, gap=gap).split(X):
        known = [slots[i] for i in (*train, *test)]
        values = X.a.to_numpy()[[*train, *test]]
        expected = by_slots(known, values, [slots[i] for i in test], window)
        lags = fit(X.iloc[train], window)
        np.testing.assert_array_equal(transform(lags, X.iloc[test]), expected)


@pytest.mark.parametrize(("name", "seed"), draws(IN_TIME | OPEN_HOURS, 4))
def test_rows_between_training_rows_find_true_lags_or_none(name, seed):
    rng = np.random.default_rng(seed)
    window = drawn_window(rng)
    X, slots = draw(IN_TIME | OPEN_HOURS, [name], rng)
    for train, test in KFold(4, shuffle=True, random_state=seed).split(X):
        lags = fit(X.iloc[train], window, lag_unit="time")
        expected = by_slots(slots, X.a, [slots[i] for i in test], window)
        np.testing.assert_array_equal(transform(lags, X.iloc[test]), expected)
        known = [slots[i] for i in train]
        expected = by_slots(known, X.a.iloc[train], known, window)
        np.testing.assert_array_equal(transform(lags, X.iloc[train]), expected)


def by_shift(X, window):
    """Shift the rows of each series in the order of time."""
    levels = list(range(X.index.nlevels - 1))
    ranked = X.assign(row=np.arange(len(X))).sort_index(kind="stable")
    lags = []
    for k in backs(window):
        moved = ranked.groupby(level=levels).a.shift(k) if levels else ranked.a.shift(k)
        lags.append(moved.fillna(FILL).to_numpy()[np.argsort(ranked.row.to_numpy())])
    return np.stack(lags, axis=1)


@pytest.mark.parametrize(("name", "seed"), draws(IN_TIME | IN_ROWS | OPEN_HOURS, 6))
@pytest.mark.parametrize("n_series", [1, 3])
def test_lags_count_rows_if_asked_or_if_steps_are_irregular(name, seed, n_series):
    rng = np.random.default_rng(seed)
    window = drawn_window(rng)
    unit = "auto" if name in IN_ROWS else "rows"
    kinds = IN_TIME | IN_ROWS | OPEN_HOURS
    X, slots = draw(kinds, [name], rng, missing=[0, 0.1, 0.3][seed % 3], n_series=n_series)
    if seed % 2:
        X, slots = shuffled(X, slots, rng)
    lags = fit(X, window, lag_unit=unit)
    np.testing.assert_array_equal(transform(lags, X), by_shift(X, window))


PANELS = [
    ["days", "weeks", "working days"],
    ["month ends", "days", "hours"],
    ["irregular", "days", "five minutes"],
    ["range", "jittered", "numbers in steps of 5"],
]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("names", PANELS, ids=", ".join)
def test_each_series_of_a_panel_has_its_own_steps_and_past(names, seed):
    rng = np.random.default_rng(seed)
    window = drawn_window(rng)
    X, slots = draw(IN_TIME | IN_ROWS | OPEN_HOURS, names, rng, n_series=4)
    window["time"] = "t" if "range" in names else None  # of two levels of numbers
    expected = by_slots(slots, X.a, slots, window)
    if seed % 3 == 1:
        order = rng.permutation(len(X))
        X, expected = X.iloc[order], expected[order]
    if seed % 3 == 2:
        X = X.swaplevel()
    np.testing.assert_array_equal(transform(fit(X, window), X), expected)
    if seed % 3 != 1:
        rank = np.array([t for _, t in slots])
        lags = fit(X[rank < 60], window)
        np.testing.assert_array_equal(transform(lags, X[rank >= 60]), expected[rank >= 60])
