"""
What happens at nights, weekends and gaps?
==========================================

Each series has a calendar that is learned from its index. Business days and trading hours have no
rows at weekends and at night: lag 1 of Monday is Friday. A row that is missing within the calendar
is a gap, and the windows that contain it are incomplete.
"""

import numpy as np
import pandas as pd

from sklearn_rnn import LagTransformer

days = pd.bdate_range("2026-01-05", periods=200)  # Mondays to Fridays
X = pd.DataFrame({"price": np.arange(200.0)}, index=days)
windows = LagTransformer(2).fit_transform(X)
monday = days.get_loc("2026-01-12")
print("lags of Monday the 12th:", windows[monday, :, 0])

# %%
# Hours from 9 to 17 on business days. The lag of the first hour is the last one of the day before.
hours = pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in days[:20] for h in range(9, 18)])
X = pd.DataFrame({"price": np.arange(180.0)}, index=hours)
windows = LagTransformer(1).fit_transform(X)
print("lag of Tuesday, 9 o'clock:", hours[int(windows[9, 0, 0])])

# %%
# Daily rows, of which two are missing: windows that reach them are incomplete, and are left out
# when a network is fitted.
daily = pd.date_range("2026-01-01", periods=30).delete([10, 11])
X = pd.DataFrame({"sales": np.arange(28.0)}, index=daily)
lags = LagTransformer(2).fit(X)
print("incomplete rows:", daily[lags.incomplete_rows_].strftime("%d").tolist())
