"""
Is an LSTM worth it for trading volume?
=======================================

On the same folds of the years to 1979 AR(5) has an R2 of 0.556, an LSTM, the mean of two seeds,
0.550, and a lasso 0.549: `compare_models` says to take AR(5). Then the next five days at once:
`make_lagged` gives five targets a window, and a network forecasts as many as it is given. From 1980
on none of three seeds is better than a linear regression at each of the five days.
"""

from sklearn.metrics import r2_score
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import LagRidge, LagTransformer, LSTMRegressor, make_ar, make_lagged, make_lasso
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.model_selection import compare_models

X, y = load_nyse(return_X_y=True, as_frame=True)
past, future = X.index < "1980", X.index >= "1980"

net = LSTMRegressor(learning_rate=0.01, lr_schedule="onecycle", max_epochs=20, random_state=0)
models = {
    "AR(5)": make_ar(5),
    "lasso": make_lasso(5),
    "LSTM": make_pipeline(LagTransformer(5), net),
}
comparison = compare_models(models, X[past], y[past], cv=TimeSeriesSplit(5), seeds=2)
print(comparison.verdict())

windows, volumes = make_lagged(X[past], y[past], 5, horizon=5)
new_windows, new_volumes = make_lagged(X[future], y[future], 5, horizon=5)
linear = LagRidge(alpha=0).fit(windows, volumes)  # least squares
forecasts = {"linear regression": linear.predict(new_windows)}
for seed in range(3):
    net.set_params(random_state=seed).fit(windows, volumes)
    forecasts[f"LSTM, seed {seed}"] = net.predict(new_windows)
for name, forecast in forecasts.items():
    r2 = r2_score(new_volumes, forecast, multioutput="raw_values")
    print(f"{name}: R2 from 1980 on, 1 to 5 days ahead: {r2.round(3)}")
