"""scikit-learn's own callbacks on networks: each epoch is a task that is scored, or the last."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV

from sklearn_rnn import DenseClassifier, DenseRegressor, GRURegressor
from tests.nets import few_epochs

of_sklearn = pytest.importorskip("sklearn.callback", reason="new in scikit-learn 1.9")
pytestmark = few_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3, 2))
Y = X[:, -1, 0]


class Record:
    """Note what each task is given; ask for a stop at the end of one of them."""

    def __init__(self, stop_after=None):
        self.tasks, self.predicted, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.tasks.append("setup")

    def teardown(self, estimator, context):
        self.tasks.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.tasks.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.tasks.append(f"end {context.task_name} {context.task_id}")
        if fitted_estimator is not None:
            self.predicted.append(fitted_estimator.predict(X))
        return context.task_id == self.stop_after


def net(cls=DenseRegressor, **parameters):
    return cls(**{"max_epochs": 3, "random_state": 0, "device": "cpu", **parameters})


def pairs(*names, inside=()):
    """Return the beginnings and ends of tasks, of which each contains others."""
    return [task for n in names for task in (f"begin {n}", *inside, f"end {n}")]


EPOCHS = pairs(*(f"epoch {i}" for i in range(3)))


@pytest.mark.parametrize("cls", [DenseRegressor, DenseClassifier, GRURegressor])
def test_at_each_epoch_there_is_the_estimator_of_so_many_epochs(cls):
    record, y = Record(), Y > 0 if cls is DenseClassifier else Y
    fitted = net(cls).set_callbacks(record).fit(X, y)
    assert record.tasks == ["setup", *pairs("fit 0", inside=EPOCHS), "teardown"]
    for n, predicted in enumerate(record.predicted[:3], 1):
        assert_array_equal(predicted, net(cls, max_epochs=n).fit(X, y).predict(X))
    assert_array_equal(record.predicted[3], fitted.predict(X))
    assert_array_equal(fitted.predict(X), net(cls).fit(X, y).predict(X))


@pytest.mark.parametrize("linear_skip", [False, True])
def test_each_member_is_a_task(linear_skip):
    record, settings = Record(), {"n_members": 2, "linear_skip": linear_skip}
    fitted = net(**settings).set_callbacks(record).fit(X, Y)
    members = pairs("member 0", "member 1", inside=EPOCHS)
    assert record.tasks == ["setup", *pairs("fit 0", inside=members), "teardown"]
    assert_array_equal(record.predicted[3::4][:2], fitted.predict_members(X))
    assert_array_equal(record.predicted[-1], net(**settings).fit(X, Y).predict(X))
    assert not any(
        "callback" in name for member in fitted.members_ for name in vars(member) if name[0] == "_"
    )


def test_a_callback_ends_the_fit_after_an_epoch():
    fitted = net(max_epochs=50).set_callbacks(Record(stop_after=1)).fit(X, Y)
    assert fitted.n_iter_ == 2
    assert_array_equal(fitted.predict(X), net(max_epochs=2).fit(X, Y).predict(X))


def test_a_fit_that_fails_tears_down_and_changes_nothing():
    record = Record()
    estimator = net(learning_rate=1e300, optimizer="sgd").set_callbacks(record)
    with pytest.raises(ValueError, match="diverged"):
        estimator.fit(X, Y)
    assert record.tasks[-1] == "teardown"
    assert vars(estimator).keys() - estimator.get_params().keys() == {"_skl_callbacks"}


def test_after_a_fit_of_members_the_scores_of_a_single_one_are_its_own():
    record, estimator = Record(), net(n_members=2).fit(X, Y)
    single = estimator.set_params(n_members=1).set_callbacks(record).fit(X, Y)
    assert_array_equal(record.predicted[2], single.predict(X))


def test_the_scores_of_epochs_are_weighted():
    monitor, weight = of_sklearn.ScoringMonitor(scoring="r2"), np.arange(40.0)
    fitted = net().set_callbacks(monitor).fit(X, Y, sample_weight=weight)
    scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 3
    assert scores[-1] == fitted.score(X, Y, sample_weight=weight)


def test_the_callbacks_of_a_search_follow_its_networks():
    search = GridSearchCV(net(), {"alpha": [0.0, 0.1]}, cv=2)
    record = Record()
    record.max_propagation_depth = None  # by which scikit-learn passes it on
    search.set_callbacks(record).fit(X, Y)
    assert record.tasks.count("end epoch 2") == 5


def test_a_checkpoint_is_refused_as_callbacks_cannot_go_on(tmp_path):
    observed = net(checkpoint=tmp_path).set_callbacks(Record())
    with pytest.raises(ValueError, match=r"^checkpoint cannot save .* set_callbacks has some"):
        observed.fit(X, Y)
    assert list(tmp_path.iterdir()) == []
