"""
Does my pipeline look ahead?
============================

A centred rolling mean, made before the split, reads rows that are not yet known. ``check_leakage``
gives such rows other values, and looks at what changes.
"""

from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_rnn import LagTransformer
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.model_selection import check_leakage

raw = load_nyse(return_X_y=True, as_frame=True)[0][:500]
model = make_pipeline(LagTransformer(5, flatten=True), Ridge())


def smooth(raw):
    """Return the mean of five days around each day, and the volume of the day."""
    return raw.rolling(5, center=True, min_periods=1).mean(), raw["log_volume"]


def smooth_the_past(raw):
    """Return the mean of the last five days, and the volume of the day."""
    return raw.rolling(5, min_periods=1).mean(), raw["log_volume"]


# %%
# The window of a day ends with the smoothed value of the day before, which contains two later days.
print(check_leakage(model, raw, cv=3, prepare=smooth))

# %%
# A mean of the past alone is no leak.
print(check_leakage(model, raw, cv=3, prepare=smooth_the_past))
