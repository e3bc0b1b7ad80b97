"""
How do I search settings, and keep the model small?
===================================================

A search takes the best score, however small its lead. ``one_standard_error`` takes the simplest
candidate within one standard error of the best.
"""

from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.model_selection import one_standard_error

X, y = load_nyse(return_X_y=True, as_frame=True)
past, future = slice(None, "1979"), slice("1980", None)
net = DenseRegressor(learning_rate=0.01, lr_schedule="onecycle", max_epochs=20, random_state=0)
model = make_pipeline(LagTransformer(5), net)
grid = {"denseregressor__hidden_layer_sizes": [(2,), (8,), (32,), (128,)]}

# %%
# Both searches see the years to 1979 alone.
simplest = one_standard_error("denseregressor__hidden_layer_sizes")
for name, refit in (("best score", True), ("one standard error", simplest)):
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(5), refit=refit)
    search.fit(X[past], y[past])
    units = search.best_params_["denseregressor__hidden_layer_sizes"]
    print(f"{name}: {units} units, R2 from 1980 on {search.score(X[future], y[future]):.3f}")
