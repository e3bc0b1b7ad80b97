"""The size of a model: what it has learned, counted for each kind of model."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.feature_selection import RFE
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_rnn import DenseRegressor, PersistenceRegressor
from sklearn_rnn.model_selection import compare_models, n_parameters
from sklearn_rnn.model_selection._complexity import model_size
from tests.model_selection.examples import OfUnknownSize, X, Y

N, P = X.shape
LABELS = np.array(["a", "b", "c"])[np.digitize(Y, [-0.5, 0.5])]
STUMP = DecisionTreeRegressor(max_depth=1)
QUICK = {"max_epochs": 1, "lr_schedule": "cosine"}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (LinearRegression(), P + 1),
        (LinearRegression(fit_intercept=False), P),
        (Lasso(10.0), 1),
        (LinearSVR(), P + 1),
        (SVR(kernel="linear"), P + 1),
        (make_pipeline(StandardScaler(), GridSearchCV(Lasso(), {"alpha": [10.0]})), 1),
        (GridSearchCV(make_pipeline(StandardScaler(), Lasso()), {"lasso__alpha": [10.0]}), 1),
        (TransformedTargetRegressor(LinearRegression()), P + 1),
        (RFE(LinearRegression(), n_features_to_select=2), 2 + 1),
        (MultiOutputRegressor(LinearRegression()), 2 * (P + 1)),
        (DummyRegressor(), 1),
        (PersistenceRegressor(), 0),
        (DenseRegressor(hidden_layer_sizes=(3,), **QUICK), 3 * (P + 1) + 3 + 1),
        (DenseRegressor(hidden_layer_sizes=(), **QUICK), P + 1),
        (StackingRegressor([("a", Ridge()), ("b", Ridge())], Ridge()), 2 * (P + 1) + 2 + 1),
        (
            VotingRegressor([("pipe", make_pipeline(StandardScaler(), Ridge())), ("ols", Ridge())]),
            2 * (P + 1),
        ),
    ],
)
def test_parameters_of_regressors(model, expected):
    y = np.column_stack([Y, -Y]) if isinstance(model, MultiOutputRegressor) else Y
    assert model_size(model.fit(X, y)) == (expected, "parameter")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (LogisticRegression(), 3 * (P + 1)),
        (OneVsRestClassifier(LogisticRegression()), 3 * (P + 1)),
        (CalibratedClassifierCV(LogisticRegression(), cv=2), 2 * 3 * (P + 1)),
        (LinearDiscriminantAnalysis(), 3 * (P + 1)),
        (QuadraticDiscriminantAnalysis(), 3 * (P + P * (P + 1) / 2 + 1)),
        (GaussianNB(), 3 * (2 * P + 1)),
        (MultinomialNB(), 3 * (P + 1)),
        (BernoulliNB(), 3 * (P + 1)),
        (CategoricalNB(), 3 * (2 * P + 1)),  # two categories of each feature
        (NearestCentroid(), 3 * P),
        (DummyClassifier(), 3),
    ],
)
def test_parameters_of_classifiers(model, expected):
    counts = isinstance(model, MultinomialNB | BernoulliNB | CategoricalNB)
    assert model_size(model.fit((X > 0) * 1 if counts else X, LABELS)) == (expected, "parameter")


def test_naive_bayes_counts_means_and_variances():
    X_wide = np.random.default_rng(0).normal(size=(50, 20))
    model = GaussianNB().fit(X_wide, X_wide[:, 0] > 0)
    assert n_parameters(model) == 80 + 2  # 20 means and 20 variances of two classes, two priors


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (STUMP, 2),
        (DecisionTreeRegressor(max_leaf_nodes=5), 5),
        (RandomForestRegressor(7, max_depth=1), 7 * 2),
        (BaggingRegressor(STUMP, 4), 4 * 2),
        (AdaBoostRegressor(DecisionTreeRegressor(max_leaf_nodes=3), n_estimators=1), 3),
        (GradientBoostingRegressor(n_estimators=6, max_depth=1), 6 * 2),
        (HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=3), 6 * 3),
    ],
)
def test_leaves_of_trees(model, expected):
    assert model_size(model.fit(X, Y)) == (expected, "leaf")


def test_boosting_of_several_classes_has_trees_for_each():
    for model in (
        GradientBoostingClassifier(n_estimators=5, max_depth=1),
        HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=2),
    ):
        assert model_size(model.fit(X, LABELS)) == (5 * 3 * 2, "leaf")
    forest = OneVsRestClassifier(DecisionTreeClassifier(max_depth=1)).fit(X, LABELS)
    assert model_size(forest) == (3 * 2, "leaf")


@pytest.mark.parametrize(
    "model",
    [KNeighborsRegressor(), KernelRidge(kernel="rbf"), GaussianProcessRegressor(optimizer=None)],
)
def test_models_that_store_the_training_samples(model):
    assert model_size(model.fit(X, Y)) == (N * P, "stored value")


def test_a_gaussian_process_stores_the_samples_for_each_class():
    model = GaussianProcessClassifier(optimizer=None)
    assert model_size(model.fit(X[:30], LABELS[:30])) == (3 * 30 * P, "stored value")
    assert model_size(model.fit(X[:30], Y[:30] > 0)) == (30 * P, "stored value")


@pytest.mark.parametrize("model", [SVR(), SVC()])
def test_support_vectors_are_counted_for_dense_sparse_and_precomputed_input(model):
    y = LABELS if isinstance(model, SVC) else Y
    dense = model_size(model.fit(X, y))
    assert dense == (len(model.support_vectors_) * P, "stored value")
    assert model_size(model.fit(csr_matrix(X), y)) == dense
    model.set_params(kernel="precomputed").fit(X @ X.T, y)
    assert n_parameters(model) == len(model.support_) * N


def test_sparse_input_is_counted_as_dense():
    for model in (KNeighborsClassifier(), LogisticRegression(), MultinomialNB()):
        counts = (X > 0) * 1.0
        dense = model_size(model.fit(counts, LABELS))
        assert model_size(model.fit(csr_matrix(counts), LABELS)) == dense
    model = LogisticRegression().fit(X, LABELS)
    assert model_size(model.sparsify()) == (3 * (P + 1), "parameter")


def test_parameters_of_scikit_learns_net():
    with pytest.warns(UserWarning, match="Maximum iterations"):
        net = MLPRegressor(hidden_layer_sizes=(3,), max_iter=1).fit(X, Y)
    assert n_parameters(net) == 3 * (P + 1) + 3 + 1


def test_an_unknown_model_has_no_size_and_an_ensemble_with_one_neither():
    assert np.isnan(n_parameters(OfUnknownSize().fit(X, Y)))
    assert np.isnan(n_parameters(StandardScaler().fit(X)))
    vote = VotingRegressor([("unknown", OfUnknownSize()), ("ols", Ridge())])
    assert np.isnan(n_parameters(vote.fit(X, Y)))


def test_the_unit_of_an_ensemble_is_that_of_its_members():
    models = {
        "tree": STUMP,
        "forest": RandomForestRegressor(2, max_depth=1, random_state=0),
        "vote": VotingRegressor([("tree", STUMP), ("ols", Ridge())]),
        "knn": KNeighborsRegressor(),
        "search": GridSearchCV(Ridge(), {}, cv=2),
    }
    units = ["leaf", "leaf", "parameter", "stored value", "parameter"]
    assert compare_models(models, X, Y, cv=2).to_frame()["unit"].tolist() == units
