"""The time of the year as columns that are known ahead."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

SEASON = ["season_sin", "season_cos"]


def with_season(data: pd.DataFrame) -> pd.DataFrame:
    """Add the time of the year."""
    angle = 2 * np.pi * months(data).to_numpy().ravel() / 12
    return data.assign(**dict(zip(SEASON, (np.sin(angle), np.cos(angle)), strict=True)))


def months(data: pd.DataFrame) -> pd.DataFrame:
    """Return the months, 1 to 12, of rows that are indexed by time."""
    return pd.DataFrame({"month": pd.DatetimeIndex(data.index).month}, data.index)


def mean_of_the_month() -> Pipeline:
    """Return the model that forecasts the mean of the same month in the training rows."""
    every = OneHotEncoder(categories=[range(1, 13)], sparse_output=False)
    return make_pipeline(FunctionTransformer(months), every, LinearRegression())
