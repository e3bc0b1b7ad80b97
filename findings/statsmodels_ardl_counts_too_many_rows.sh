#!/usr/bin/env bash
# statsmodels: log-likelihood, AIC, BIC and sigma2 of ARDL are wrong if another column has a longer
# lag than the series itself.
#
# ARDL leaves out the rows before the longest lag of any column, and coefficients and standard
# errors are those of least squares on the rows that remain. But the number of rows, nobs, counts on
# from the longest lag of the series itself: with one lag of the series and the sixth of x, 94 of 100
# rows are fitted and nobs is 99. sigma2 divides the squares of 94 residuals by 99, and the
# log-likelihood is that of 99 rows with this variance. So models that differ in the lags of x are
# compared by criteria of more rows than they are fitted to, each by another number. With hold_back
# at or above the longest lag all agree. AIC of ARDL and AutoReg also counts the variance of the
# noise, which ar_select_order does not: the same model has an AIC of 2 more in AutoReg.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"

cat >"$folder/measure.py" <<'PY'
import sys

import numpy as np
import statsmodels
from statsmodels.tsa.ar_model import AutoReg, ar_select_order
from statsmodels.tsa.ardl import ARDL

rng = np.random.default_rng(0)
y, x = rng.normal(size=100).cumsum(), rng.normal(size=(100, 1))


def likelihood(residuals):
    """Return the log-likelihood of residuals at their own variance."""
    n = len(residuals)
    return -n / 2 * (np.log(2 * np.pi * (residuals @ residuals) / n) + 1)


print("statsmodels", statsmodels.__version__)
differs = {}
for name, lags, order in (("longer lag of x", 1, 6), ("longer lag of y", 6, 1)):
    result = ARDL(y, lags, x, {0: [order]}).fit()
    n, expected = len(result.resid), likelihood(result.resid)
    print(f"  {name}: {n} residuals, nobs {result.nobs}; log-likelihood {result.llf:.4f}, "
          f"of these residuals {expected:.4f}")
    differs[name] = result.nobs != n and abs(result.llf - expected) > 1
chosen = ar_select_order(y, 4).aic[(1, 2, 3, 4)]
alone = AutoReg(y, 4).fit().aic
print(f"  AIC of the same four lags: {chosen:.4f} in ar_select_order, {alone:.4f} in AutoReg")
as_described = list(differs.values()) == [True, False] and abs(alone - chosen - 2) < 1e-8
sys.exit(0 if as_described else "statsmodels no longer behaves as described above")
PY

"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  statsmodels==0.15.0 numpy==2.4.6 pandas==3.1.1 scipy==1.17.1
"$folder/venv/bin/python" "$folder/measure.py"
