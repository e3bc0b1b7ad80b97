"""
How do I do in Python what I did with glmnet?
=============================================

A lasso of lags: the errors of cross-validation, the path, the coefficients at ``lambda.1se`` and at
``lambda.min``, and at the end one score of rows that none of this has seen.
"""

import matplotlib.pyplot as plt
import pandas as pd

from sklearn_rnn import LagElasticNet, make_lasso
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.plotting import PathDisplay, PenaltyErrorDisplay

X, y = load_nyse(return_X_y=True, as_frame=True)
X_train, y_train, X_test, y_test = X[:"1979"], y[:"1979"], X["1980":], y["1980":]

# %%
# ``cv.glmnet``, with folds in the order of time, and ``plot(cv.glmnet)``.
lasso = make_lasso(5, rule="1se").fit(X_train, y_train)
errors = PenaltyErrorDisplay.from_estimator(lasso)
# sphinx_gallery_alt = "Mean squared error of cross-validation with bars of one standard error:"
# sphinx_gallery_alt = "it falls as the penalty weakens and then is flat; vertical lines mark the"
# sphinx_gallery_alt = "penalties of the least error and of the one-standard-error rule."
plt.show()

# %%
# ``plot(glmnet)``: the coefficients along the path.
PathDisplay.from_estimator(lasso, n_labels=5)
# sphinx_gallery_alt = "Standardised coefficients of 15 lags along the path: that of the last"
# sphinx_gallery_alt = "volume enters first; at the end those of the last two volatilities grow"
# sphinx_gallery_alt = "large, with opposite signs."
plt.show()

# %%
# ``coef(fit, s = "lambda.1se")`` and ``s = "lambda.min"``.
windows = lasso[:-1].transform(X_train)
at_min = LagElasticNet(errors.alpha_min_, standardize=True).fit(windows, y_train)
lags = [f"lag {n}" for n in range(5, 0, -1)]
print(pd.DataFrame(lasso[-1].lag_coef_, lags, X.columns).round(3))
print(pd.DataFrame(at_min.lag_coef_, lags, X.columns).round(3))

# %%
# The held-out rows are used once, with the model that was chosen without them.
print(f"held-out R2: {lasso.score(X_test, y_test):.3f}")
