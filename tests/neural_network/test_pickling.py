"""What a pickle of a network holds, and that nothing else is lost."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_rnn import (
    DenseRegressor,
    GRUClassifier,
    HierarchicalAttentionClassifier,
    LSTMRegressor,
    TCNRegressor,
)
from sklearn_rnn._training.optimizers import OPTIMIZERS
from tests.nets import NETS, few_epochs

try:
    import cloudpickle
except ImportError:  # a joblib that does not need it has its own
    from joblib.externals import cloudpickle

pytestmark = few_epochs

X = np.random.default_rng(0).normal(size=(60, 5, 2))
NUMBERS = X[:, -1, 0] + X[:, 0, 1] ** 2
LABELS = np.where(X[:, -1, 0] > 0, "up", "down")
TOKENS = np.random.default_rng(0).integers(1, 50, size=(60, 6))
DOCUMENTS = [[[1, 2], [3]], [[2]], [[3, 1]], [[1], [1, 2]]] * 15


def through_a_file(net, path):
    joblib.dump(net, path / "net.joblib")
    return joblib.load(path / "net.joblib")


WAYS = {
    "pickle": lambda net, _: pickle.loads(pickle.dumps(net)),
    "cloudpickle": lambda net, _: pickle.loads(cloudpickle.dumps(net)),
    "joblib": through_a_file,
    "deepcopy": lambda net, _: copy.deepcopy(net),
    "copy": lambda net, _: copy.copy(net),
}


class Counter(Callback):
    """Counts the epochs of all fits."""

    n_epochs = 0

    def on_epoch_end(self, net, **_):
        self.n_epochs += 1


SPECIAL = {
    "members": LSTMRegressor(n_members=3, early_stopping=True),
    "linear part": TCNRegressor(linear_skip=True, early_stopping=True),
    "selected channels": DenseRegressor(penalty="group", l1_ratio=0.9, alpha=0.1),
    "constant outputs": LSTMRegressor(loss="negative_binomial"),
    "windows": GRUClassifier(standardize="window"),
    "L-BFGS": LSTMRegressor(optimizer="lbfgs"),
    "double precision": TCNRegressor(dtype="float64", num_levels=5),
    "callbacks": LSTMRegressor(callbacks=[Counter()], verbose=1),
    "tokens": GRUClassifier(embedding_dim=4, n_members=2),
    "documents": HierarchicalAttentionClassifier(embedding_dim=4, max_epochs=3),
    "several targets": LSTMRegressor(return_sequences=True),
}
MODELS = [cls() for cls in NETS] + list(SPECIAL.values())
NAMES = [cls.__name__ for cls in NETS] + list(SPECIAL)
each_model = pytest.mark.parametrize("model", MODELS, ids=NAMES)


def data_for(model):
    if isinstance(model, HierarchicalAttentionClassifier):
        return DOCUMENTS, LABELS
    if getattr(model, "embedding_dim", None):
        return TOKENS, LABELS
    if not hasattr(model, "loss"):
        return X, LABELS
    if model.loss == "negative_binomial":
        return X, NUMBERS.round().clip(0)
    return X, X[:, :, 0] if model.return_sequences else NUMBERS


def fitted(model, **parameters):
    model = copy.deepcopy(model).set_params(max_epochs=4, random_state=0, **parameters)
    return model.fit(*data_for(model))


def outputs(model, data=None):
    """Return the learned functions of a model."""
    X = data_for(model)[0] if data is None else data
    predict = getattr(model, "predict_proba", model.predict)
    return predict(X)


def without_time(row):
    return {name: value for name, value in row.items() if name != "dur"}


def same(model, other):
    np.testing.assert_array_equal(outputs(model), outputs(other))
    for name, value in vars(model).items():
        is_plain = isinstance(value, int | float | list | np.ndarray | None)
        if is_plain and name.endswith("_") and name != "members_":
            np.testing.assert_equal(getattr(other, name), value)
    mine, others = ([without_time(row) for row in m.net_.history] for m in (model, other))
    assert mine == others
    assert vars(model).keys() == vars(other).keys()


@each_model
@pytest.mark.parametrize("way", WAYS)
def test_no_bit_is_lost(model, way, tmp_path):
    model = fitted(model)
    before = outputs(model)
    again = WAYS[way](model, tmp_path)
    same(model, again)
    np.testing.assert_array_equal(outputs(model), before)


@each_model
def test_a_pickle_holds_the_weights_once(model):
    model = fitted(model)
    nets = [member.net_ for member in getattr(model, "members_", [model])]
    weights = sum(p.nbytes for net in nets for p in net.module_.parameters())
    n_epochs = sum(len(net.history) for net in nets)
    for dumps in (pickle.dumps, cloudpickle.dumps):
        assert weights < len(dumps(model)) < weights + 20_000 + 200 * n_epochs


def test_each_epoch_adds_less_than_200_bytes():
    size = [
        len(pickle.dumps(LSTMRegressor(max_epochs=n, tol=0, patience=n, random_state=0).fit(*data)))
        for data in [(X, NUMBERS)]
        for n in (10, 210)
    ]
    assert size[1] - size[0] < 200 * 200


@each_model
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_goes_on_with_the_same_bits(model, method):
    model = fitted(model, warm_start=method == "fit")
    go_on = {"fit": lambda m: m.fit(*data_for(m)), "partial_fit": more}[method]
    if method == "partial_fit":
        go_on(model)
    again = pickle.loads(pickle.dumps(model))
    same(go_on(model), go_on(again))
    same(pickle.loads(pickle.dumps(again)), model)


def more(model):
    return model.partial_fit(*data_for(model))


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_on(optimizer, l1_ratio):
    how = {"optimizer": optimizer, "l1_ratio": l1_ratio, "alpha": 0.01, "warm_start": True}
    model = fitted(LSTMRegressor(**how, early_stopping=True, lr_schedule="plateau"))
    again = pickle.loads(pickle.dumps(model))
    same(model.fit(X, NUMBERS), again.fit(X, NUMBERS))


@pytest.mark.parametrize("n_members", [1, 3])
def test_without_the_moments_going_on_warns(n_members):
    model = fitted(LSTMRegressor(n_members=n_members))
    again = pickle.loads(pickle.dumps(model))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        copy.deepcopy(model).predict(X)
        model.partial_fit(X, NUMBERS)  # it has them
    text = r"LSTMRegressor goes on from its weights, but the optimizer \(adam\) begins anew"
    with pytest.warns(UserWarning, match=text) as caught:
        again.partial_fit(X, NUMBERS)
    assert [record.filename for record in caught] == [__file__]
    assert again.loss_curve_[:-1] == model.loss_curve_[:-1]
    again = pickle.loads(pickle.dumps(again))
    again.partial_fit(X, NUMBERS)  # the moments since then are stored


def test_parameters_set_after_the_fit_change_nothing():
    model = fitted(LSTMRegressor(linear_skip=True, loss="absolute_error", n_members=2))
    before = outputs(model)
    model.set_params(hidden_size=3, linear_skip=False, loss="quantile", optimizer="lbfgs")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), before)


def test_callbacks_go_on_from_what_they_have_seen():
    model = fitted(LSTMRegressor(callbacks=[Counter()], warm_start=True))
    again = pickle.loads(pickle.dumps(model))
    for net in (model, again):
        net.fit(X, NUMBERS)
        assert [callback.n_epochs for _, callback in net.net_.callbacks_] == [8]


def test_a_network_of_a_gpu_is_loaded_on_the_cpu(monkeypatch):
    model = fitted(LSTMRegressor())
    state = model.__getstate__()
    state["net_"]["config"]["device"] = "cuda:99"  # which no machine has
    again = LSTMRegressor.__new__(LSTMRegressor)
    again.__setstate__(state)
    assert again.net_.config.device == "cpu"
    same(model, again)
