"""Scores of networks with a target for each step: all steps count but padding."""

import re
from functools import wraps

import numpy as np
import pytest
from sklearn import config_context, metrics
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_rnn import GRUClassifier, GRURegressor
from sklearn_rnn.model_selection import compare_models, step_scorer

RNG = np.random.default_rng(0)
LISTS = [RNG.normal(size=(n, 1)) for n in RNG.integers(1, 9, size=30)]
KINDS = {
    "two classes": lambda x: (x[:, 0].cumsum() > 0).astype(int),
    "words": lambda x: np.array(["down", "flat", "up"])[np.digitize(x[:, 0], [-0.5, 0.5])],
    "labels": lambda x: np.column_stack([x[:, 0] > 0, x[:, 0].cumsum() > 0]).astype(int),
    "number": lambda x: x[:, 0].cumsum(),
    "numbers": lambda x: np.column_stack([x[:, 0], x[:, 0].cumsum()]),
}
OF_LABELS = ("accuracy", "neg_log_loss", "f1_macro")
SCORES = {
    "two classes": {**dict.fromkeys(OF_LABELS), "roc_auc": None, "average_precision": None},
    "words": dict.fromkeys(OF_LABELS),
    "labels": dict.fromkeys(("accuracy", "f1_micro", "jaccard_micro")),
    "number": dict.fromkeys(("r2", "neg_mean_absolute_error", "neg_root_mean_squared_error")),
    "numbers": dict.fromkeys(("r2", "neg_mean_absolute_error")),
}
CASES = [(kind, scoring) for kind, scorings in SCORES.items() for scoring in scorings]


def padded(values, lead=0, tail=2):
    """Return arrays one after the other in one array, with absent steps at both ends."""
    n_steps = max(map(len, values)) + lead + tail
    filled = np.zeros((len(values), n_steps, *values[0].shape[1:]), values[0].dtype)
    if filled.dtype.kind == "f":
        filled[:] = np.nan
    for row, value in zip(filled, values, strict=True):
        row[lead : lead + len(value)] = value
    return filled


def targets(kind):
    return [KINDS[kind](x) for x in LISTS]


def net_for(kind, **parameters):
    cls = GRURegressor if kind.startswith("number") else GRUClassifier
    how = {"max_epochs": 3, "lr_schedule": "onecycle", "hidden_size": 4, "random_state": 0}
    return cls(return_sequences=True, **{**how, **parameters})


class AtAllSteps(BaseEstimator):
    """A fitted model of steps, whose responses are known."""

    def __init__(self, net=None):
        self.net = net

    def __getattr__(self, name):
        found = getattr(self.net, name)
        if name in ("predict", "predict_proba", "decision_function"):
            return wraps(found)(lambda _: np.concatenate(found(LISTS)))
        return found

    def __sklearn_tags__(self):
        return self.net.__sklearn_tags__()


@pytest.mark.parametrize(("kind", "scoring"), CASES)
def test_the_score_is_that_of_all_steps_in_one_table(kind, scoring):
    y = targets(kind)
    net = net_for(kind).fit(LISTS, y)
    expected = metrics.get_scorer(scoring)(AtAllSteps(net), None, np.concatenate(y))
    scorer = step_scorer(scoring)
    assert scorer(net, LISTS, y) == pytest.approx(expected, rel=1e-9)
    for ends in ((0, 2), (3, 0), (1, 5)):
        found = scorer(net, padded(LISTS, *ends), padded(y, *ends))
        assert found == pytest.approx(expected, rel=1e-6)
    weight = RNG.uniform(size=len(LISTS))
    by_step = np.repeat(weight, [len(x) for x in LISTS])
    if scoring in metrics.get_scorer_names():
        weighted = metrics.get_scorer(scoring)(
            AtAllSteps(net), None, np.concatenate(y), sample_weight=by_step
        )
        assert scorer(net, LISTS, y, sample_weight=weight) == pytest.approx(weighted)


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_score_is_that_of_the_network_in_all_forms(kind):
    scoring = "r2" if kind.startswith("number") else "accuracy"
    X, y = padded(LISTS), padded(targets(kind))
    net, cv = net_for(kind), KFold(3)
    own = cross_val_score(net, X, y, cv=cv)
    identity = FunctionTransformer()
    search = GridSearchCV(net, {"hidden_size": [4]}, cv=cv, scoring=step_scorer(scoring))
    models = {"net": net, "piped": make_pipeline(identity, net), "search": search}
    np.testing.assert_allclose(cross_val_score(net, X, y, cv=cv, scoring=step_scorer(scoring)), own)
    for data in ((X, y), (LISTS, targets(kind))):
        comparison = compare_models(models, *data, cv=cv, verbose=0)
        for name in models:
            scores = comparison.runs.query("model == @name")["score"]
            np.testing.assert_allclose(scores, own, rtol=1e-5, err_msg=name)
        assert comparison.to_frame()["mean"].nunique() == 1


def test_the_mean_loss_of_sequences_is_that_of_all_steps():
    X, y = padded(LISTS), padded(targets("two classes"))
    cv = [(np.arange(15), np.arange(15, 30))]
    models = {"small": net_for("two classes"), "large": net_for("two classes", hidden_size=8)}
    comparison = compare_models(models, X, y, cv=cv, verbose=0)
    losses = comparison.losses.mean()
    for name, net in models.items():
        assert losses[name] == pytest.approx(1 - net.fit(X[:15], y[:15]).score(X[15:], y[15:]))


class Ones(ClassifierMixin, BaseEstimator):
    """Predicts the label 1 at each step, also of padding."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.ones(X.shape[:2], int)


def test_padding_does_not_count_for_models_of_other_packages_either():
    X, y = padded(LISTS), padded([np.ones(len(x), int) for x in LISTS])
    y[::2, 0] = 0  # all sequences have a first step
    models = {"net": net_for("two classes"), "ones": Ones()}
    scores = compare_models(models, X, y, cv=KFold(3), verbose=0).runs.query("model == 'ones'")
    n_steps = np.array([len(x) for x in LISTS]).reshape(3, 10).sum(axis=1)
    np.testing.assert_allclose(scores["score"], 1 - 5 / n_steps)


def test_a_name_of_a_score_is_kept_and_a_function_of_the_user_is_called_as_it_is():
    X, y = padded(LISTS), padded(targets("two classes"))
    models = {"net": net_for("two classes")}
    how = {"cv": KFold(3), "verbose": 0}
    named = compare_models(models, X, y, scoring="neg_log_loss", **how)
    given = compare_models(models, X, y, scoring=step_scorer("neg_log_loss"), **how)
    assert (
        (named.scoring, named.loss) == (given.scoring, given.loss) == ("neg_log_loss", "log_loss")
    )
    np.testing.assert_array_equal(named.runs["score"], given.runs["score"])
    made = make_scorer(metrics.log_loss, response_method="predict_proba", greater_is_better=False)
    same = compare_models(models, X, y, scoring=made, **how)
    np.testing.assert_allclose(named.runs["score"], same.runs["score"])
    own = compare_models(models, X, y, scoring=lambda net, X, y: float(X.shape[1]), **how)
    assert set(own.runs["score"]) == {float(X.shape[1])}


@pytest.mark.parametrize("kind", ["two classes", "words"])
def test_the_perplexity_is_the_exponential_of_the_log_loss(kind):
    y, weight = targets(kind), RNG.uniform(size=len(LISTS))
    net, scorer = net_for(kind).fit(LISTS, y), step_scorer("neg_perplexity")
    for how in ({}, {"sample_weight": weight}):
        log_loss = -step_scorer("neg_log_loss")(net, LISTS, y, **how)
        assert scorer(net, LISTS, y, **how) == pytest.approx(-np.exp(log_loss))
    one = [np.full(len(values), values[0]) for values in y[:1]]  # which lacks classes
    assert scorer(net, LISTS[:1], one) < -1
    search = GridSearchCV(net, {"hidden_size": [4]}, cv=KFold(3), scoring=scorer).fit(LISTS, y)
    compared = compare_models(
        {"net": net}, LISTS, y, cv=KFold(3), scoring="neg_perplexity", verbose=0
    )
    assert (compared.scoring, compared.loss) == ("neg_perplexity", "log_loss")
    assert compared.runs["score"].mean() == pytest.approx(search.best_score_, rel=1e-6)


def test_the_scorer_requests_weights_as_the_one_inside():
    X, y = padded(LISTS), padded(targets("two classes"))
    weight = RNG.uniform(size=len(X))
    with config_context(enable_metadata_routing=True):
        net = net_for("two classes").set_fit_request(sample_weight=False)
        inside = metrics.get_scorer("accuracy").set_score_request(sample_weight=True)
        params = {"sample_weight": weight}
        cv = KFold(3)
        scores = cross_val_score(net, X, y, cv=cv, params=params, scoring=step_scorer(inside))
    expected = [
        net.fit(X[train], y[train]).score(X[test], y[test], weight[test])
        for train, test in cv.split(X)
    ]
    np.testing.assert_allclose(scores, expected)


def test_searches_that_count_padding_are_refused_by_name():
    X, y = padded(LISTS), padded(targets("two classes"))
    search = GridSearchCV(net_for("two classes"), {"hidden_size": [4]}, scoring="accuracy")
    text = (
        "models['search'] is a search with scoring='accuracy', which takes a sequence with its "
        "padding for one sample; give scoring=step_scorer('accuracy'), of "
        "sklearn_rnn.model_selection."
    )
    for model in (search, make_pipeline(FunctionTransformer(), search)):
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            compare_models({"search": model}, X, y)
    with pytest.raises(ValueError, match="'precise' is not a valid scoring value"):
        step_scorer("precise")
    with pytest.raises(ValueError, match=r"^scoring must be a scorer or the name of one; got None"):
        step_scorer(None)


def test_a_response_with_other_steps_is_refused_by_its_name():
    class Short(ClassifierMixin, BaseEstimator):
        classes_ = (0, 1)

        def predict(self, X):
            return [np.zeros(len(x) - 1) for x in X]

    lists = [np.ones((3, 1)), np.ones((2, 1))]
    with pytest.raises(ValueError, match=r"^predict\[0\] has 2 steps, but X\[0\] has 3\.$"):
        step_scorer("accuracy")(Short(), lists, [np.zeros(3), np.zeros(2)])


def test_a_pipeline_may_have_one_step():
    X = RNG.normal(size=(20, 4, 1))
    net = GRURegressor(return_sequences=True, max_epochs=1, lr_schedule="cosine", random_state=0)
    pipeline, score = make_pipeline(net).fit(X, X[..., 0]), step_scorer("r2")
    assert score(pipeline, X, X[..., 0]) == score(pipeline[-1], X, X[..., 0])


def test_the_log_loss_of_frames_with_several_labels_is_the_mean_over_labels():
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(length, 2)) for length in rng.integers(2, 7, 40)]
    y = [(x > 0.5).astype(int) for x in sequences]
    net = GRUClassifier(return_sequences=True, max_epochs=3, lr_schedule="cosine", random_state=0)
    net.fit(sequences, y)
    p, true = np.concatenate(net.predict_proba(sequences)), np.concatenate(y)
    expected = metrics.log_loss(true.ravel(), p.ravel())
    assert -step_scorer("neg_log_loss")(net, sequences, y) == pytest.approx(expected)
    assert -step_scorer("neg_perplexity")(net, sequences, y) == pytest.approx(np.exp(expected))
    weight = [rng.random(len(x)) for x in sequences]
    repeated = np.concatenate(weight).repeat(2)
    expected = metrics.log_loss(true.ravel(), p.ravel(), sample_weight=repeated)
    found = step_scorer("neg_log_loss")(net, sequences, y, sample_weight=weight)
    assert -found == pytest.approx(expected)


# scikit-learn looks whether NaN is an integer, by a cast
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((LISTS, targets("two classes")), "operands could not be broadcast together"),
        (
            (padded(LISTS), padded([y.astype(float) for y in targets("two classes")])),
            "contains NaN",
        ),
    ],
    ids=["lists", "padded"],
)
def test_scikit_learn_s_own_accuracy_fails_as_the_page_of_questions_says(given, message):
    net = net_for("two classes")
    with pytest.raises(ValueError, match=message):
        cross_val_score(net, *given, cv=KFold(2), scoring="accuracy", error_score="raise")
    assert np.isfinite(
        cross_val_score(net, *given, cv=KFold(2), scoring=step_scorer("accuracy"))
    ).all()
