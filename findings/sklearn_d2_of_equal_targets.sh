#!/usr/bin/env bash
# scikit-learn: d2_tweedie_score, for targets that are all equal, raises ZeroDivisionError where its
# neighbours r2_score and d2_absolute_error_score return 0 or 1.
#
# D2 is 1 minus the deviance of the predictions divided by that of the mean of y. If all targets are
# equal the mean predicts them exactly, and the divisor is 0. r2_score and d2_absolute_error_score
# then return 1 if the predictions are exact and 0 otherwise. d2_tweedie_score, of every power,
# divides two Python floats, and the error names neither y nor the score: a cross-validation of counts
# ends there if one fold has, say, no event. TweedieRegressor.score computes the same with numpy
# numbers, and returns -inf with a warning of numpy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scikit-learn==1.9.1

"$folder/venv/bin/python" - <<'PY'
import sys
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_absolute_error_score, d2_tweedie_score, r2_score

warnings.simplefilter("ignore")
y, predicted = [1.0, 1.0, 1.0], [1.0, 2.0, 1.0]


def outcome(call):
    try:
        return float(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


found = {
    "r2_score": outcome(lambda: r2_score(y, predicted)),
    "d2_absolute_error_score": outcome(lambda: d2_absolute_error_score(y, predicted)),
    **{
        f"d2_tweedie_score, power={power}": outcome(
            lambda: d2_tweedie_score(y, predicted, power=power)
        )
        for power in (0, 1, 1.5, 2)
    },
}
X = np.arange(6.0).reshape(-1, 1)
model = PoissonRegressor().fit(X, [0, 1, 2, 2, 3, 5])
found["PoissonRegressor.score"] = outcome(lambda: model.score(X[:3], y))
print("scikit-learn", sklearn.__version__)
for name, value in found.items():
    print(f"  {name}: {value}")
tweedie = [value for name, value in found.items() if name.startswith("d2_tweedie")]
as_described = (
    found["r2_score"] == found["d2_absolute_error_score"] == 0.0
    and all(str(value).startswith("ZeroDivisionError") for value in tweedie)
    and found["PoissonRegressor.score"] == -np.inf
)
sys.exit(0 if as_described else "scikit-learn no longer behaves as described above")
PY
