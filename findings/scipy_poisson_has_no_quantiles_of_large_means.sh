#!/usr/bin/env bash
# SciPy: scipy.stats.poisson(mu).ppf(q) is NaN, without a warning, for about half of all levels q
# once the mean is above some 1e10; its cdf is right there.
#
# ppf takes the quantile from scipy.special.pdtrik, whose search ends without a result, and NaN
# passes through ceil and the clean-up after it. Below 5e9 all levels have a quantile. cdf at the
# quantile of the normal distribution of the same mean and variance, which Poisson is there to
# five digits, is q. nbinom(n, p).ppf of the same means is not affected. A log link reaches such
# means for inputs far outside of the data.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"

cat >"$folder/measure.py" <<'PY'
import sys

import numpy as np
import scipy
from scipy import stats

levels = np.linspace(0.01, 0.99, 99)
print("scipy", scipy.__version__)
shares = {}
for mean in (1e6, 5e9, 1e11, 1e12):
    poisson = stats.poisson(mean)
    shares[mean] = np.isnan(poisson.ppf(levels)).mean()
    negative_binomial = stats.nbinom(2, 2 / (2 + mean)).ppf(levels)
    assert np.isfinite(negative_binomial).all()
    normal = np.ceil(mean + np.sqrt(mean) * stats.norm.ppf(levels))
    error = np.abs(poisson.cdf(normal) - levels).max()
    print(f"  mean {mean:.0e}: {shares[mean]:.0%} of the levels have no quantile; "
          f"cdf at that of the normal distribution differs by {error:.1e} from the level")
    assert error < 1e-3
as_described = shares[1e6] == shares[5e9] == 0 and min(shares[1e11], shares[1e12]) > 0.3
sys.exit(0 if as_described else "scipy no longer behaves as described above")
PY

"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" "$folder/measure.py"
