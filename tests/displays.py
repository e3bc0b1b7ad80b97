"""What the tests of all displays share; they are skipped where matplotlib is missing."""

import numpy as np
import pandas as pd
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

RNG = np.random.default_rng(0)
DAYS = pd.date_range("2020-01-01", periods=120)
X = pd.DataFrame(RNG.normal(size=(120, 2)), index=DAYS, columns=["a", "b"])
Y = (X["a"].shift(1, fill_value=0.0) + 0.1 * RNG.normal(size=120)).rename("demand")
QUICK = {"max_epochs": 4, "lr_schedule": "cosine", "random_state": 0}


def labels(texts):
    return [text.get_text() for text in texts]
