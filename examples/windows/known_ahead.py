"""
How do I use a column that is known in advance?
===============================================

The day of the week, a holiday or a planned price is known before the sales of that day. Columns in
``known_ahead`` also have their value in the row that is predicted.
"""

import numpy as np
import pandas as pd

from sklearn_rnn import make_lasso
from sklearn_rnn.model_selection import compare_models

rng = np.random.default_rng(0)
days = pd.date_range("2024-01-01", periods=500)
price = rng.choice([9.0, 10.0, 12.0], size=500)
sales = 200 - 12 * price + 10 * np.sin(np.arange(500) / 20) + rng.normal(size=500)
X = pd.DataFrame({"price": price, "sales": sales}, index=days)

# %%
# Without ``known_ahead`` a model sees only the prices of the days before.
models = {
    "price of the past": make_lasso(5),
    "price known ahead": make_lasso(5, known_ahead=["price"]),
}
comparison = compare_models(models, X, X["sales"], cv=3)
print(comparison.to_frame()["mean"].round(3))
# sphinx_gallery_alt = "Scores of two lassos over folds: the one that knows the price ahead is"
# sphinx_gallery_alt = "better in each."
comparison.plot()
