"""One declaration of a parameter: constructor, constraints and documentation agree."""

import inspect
import re
from copy import deepcopy
from numbers import Integral, Real
from textwrap import dedent
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions

import sklearn_rnn
from sklearn_rnn import DenseClassifier, LagTransformer, LSTMRegressor, TCNRegressor
from sklearn_rnn._sklearn.parameters import param, parametrized

CLASSES = [C for name in sklearn_rnn.__all__ if inspect.isclass(C := getattr(sklearn_rnn, name))]
NON_NEGATIVE = Interval(Real, 0, None, closed="left")
POSITIONAL = {
    "LagTransformer": ["n_lags"],
    "ARRegressor": ["n_lags"],
    "CompleteRows": ["estimator"],
    "Forecaster": ["estimator", "horizon"],
    "LocalForecaster": ["model"],
    "NaiveForecaster": ["strategy"],
    "RecursiveForecaster": ["estimator"],
    "LagRidge": ["alpha"],
    "LagElasticNet": ["alpha"],
    "LagLogistic": ["alpha"],
    "LagPoisson": ["alpha"],
    "DifferencedRegressor": ["regressor"],
    "IntervalRegressor": ["estimator"],
}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4))
FRAME = pd.DataFrame(X, columns=list("abcd"))

each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
# Meta-estimators have no default: see their own tests.
WITHOUT_DEFAULTS = {"CompleteRows", "DifferencedRegressor", "IntervalRegressor"}
WITHOUT_DEFAULTS |= {"LocalForecaster"}
WITH_DEFAULTS = [C for C in CLASSES if C.__name__ not in WITHOUT_DEFAULTS]
with_defaults = pytest.mark.parametrize("cls", WITH_DEFAULTS, ids=lambda cls: cls.__name__)
# These read strings, documents, and a table of their target: see their own tests.
NOT_OF_NUMBERS = {"TextSequencer", "HierarchicalAttentionClassifier", "CalendarFeatures"}
NOT_OF_NUMBERS |= {"Forecaster", "NaiveForecaster", "RecursiveForecaster"}
OF_NUMBERS = [C for C in WITH_DEFAULTS if C.__name__ not in NOT_OF_NUMBERS]
each_of_numbers = pytest.mark.parametrize("cls", OF_NUMBERS, ids=lambda cls: cls.__name__)


def target_for(estimator):
    return X[:, 0] > 0 if is_classifier(estimator) else np.abs(X[:, 0])  # which may be a count


def quick(cls):
    """Return an estimator that fits at once and without a warning."""
    names = inspect.signature(cls).parameters
    return cls(**{"max_epochs": 1, "lr_schedule": "cosine"} if "max_epochs" in names else {})


def section(cls, title):
    """Return the entries of a numpydoc section: pairs of a head and a text."""
    doc = inspect.cleandoc(cls.__doc__)
    assert len(re.findall(rf"^{title}\n-+$", doc, flags=re.M)) == 1
    body = doc.split(f"{title}\n{'-' * len(title)}\n")[1]
    body = re.split(r"\n\n.+\n-+\n", body)[0]
    entries = re.findall(r"^(\S.*)\n((?:    .*(?:\n|\Z)|\n(?=    ))+)", body, flags=re.M)
    return [(head, dedent(text).strip()) for head, text in entries]


def test_there_are_classes_to_check():
    assert len(CLASSES) >= 12


@each_class
def test_signature_constraints_and_documentation_agree(cls):
    signature = inspect.signature(cls).parameters
    documented = {head.split(" : ")[0]: head for head, _ in section(cls, "Parameters")}
    assert list(signature) == list(cls._parameter_constraints) == list(documented)
    for name, parameter in signature.items():
        required = parameter.default is parameter.empty
        default = "" if required else f", default={parameter.default!r}"
        assert documented[name].partition(", default=")[1:] == default.partition(", default=")[1:]


@each_class
def test_every_entry_of_the_docstring_has_a_type_and_a_sentence(cls):
    for title in ("Parameters", "Attributes"):
        entries = section(cls, title)
        assert entries
        for head, text in entries:
            assert re.fullmatch(r"\w+ : \S.*", head)
            assert text.endswith("."), (head, text)
    assert not re.search(r"\{(parameters|attributes)\}", cls.__doc__)


@each_class
def test_parameters_are_given_by_keyword(cls):
    parameters = inspect.signature(cls).parameters.values()
    by_position = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    assert by_position == POSITIONAL.get(cls.__name__, [])
    with pytest.raises(TypeError, match="positional"):
        cls(*([1] * (len(by_position) + 1)))


@each_class
def test_the_constructor_only_assigns(cls):
    given = {name: object() for name in inspect.signature(cls).parameters}
    assert vars(cls(**given)) == given


@with_defaults
def test_the_default_satisfies_its_own_constraint(cls):
    cls()._validate_params()


@each_of_numbers
@pytest.mark.parametrize("data", [X, FRAME], ids=["array", "frame"])
def test_fit_sets_exactly_the_documented_attributes_and_no_parameter(cls, data):
    estimator = quick(cls)
    before = deepcopy(estimator.get_params())
    estimator.fit(data, target_for(estimator))
    assert estimator.get_params() == before
    found = {*vars(estimator), *dir(cls)}  # set by fit, or worked out from what it set
    learned = {name for name in found if name.endswith("_") and name[0] != "_"}
    documented = {head.split(" : ")[0] for head, _ in section(cls, "Attributes")}
    absent = {"linear_share_", "members_", "member_seeds_"}  # of linear_skip=True, n_members > 1
    if not isinstance(data, pd.DataFrame):
        absent.add("feature_names_in_")
    assert learned == documented - absent


@each_of_numbers
def test_a_clone_of_a_fitted_estimator_has_its_parameters_and_nothing_learned(cls):
    estimator = quick(cls)
    estimator.fit(X, target_for(estimator))
    twin = clone(estimator)
    assert twin.get_params() == estimator.get_params()
    assert vars(twin) == twin.get_params()


@with_defaults
def test_the_repr_shows_what_was_changed_and_builds_the_same_estimator(cls):
    assert repr(cls()) == f"{cls.__name__}()"
    estimator = quick(cls)
    shown = repr(estimator)
    rebuilt = eval(shown, vars(sklearn_rnn))
    assert type(rebuilt) is cls
    assert rebuilt.get_params() == estimator.get_params()


@with_defaults
def test_the_html_repr_has_the_help_of_every_parameter(cls):
    help_of_one = 'class="param-doc-description"'
    shows_help = help_of_one in estimator_html_repr(Ridge())  # which older scikit-learn does not
    expected = len(cls._parameter_constraints) if shows_help else 0
    assert estimator_html_repr(cls()).count(help_of_one) == expected


@each_of_numbers
def test_the_html_repr_says_whether_the_estimator_is_fitted(cls):
    estimator = quick(cls)
    assert cls.__name__ in estimator_html_repr(estimator)
    assert "Not fitted" in estimator_html_repr(estimator)
    estimator.fit(X, target_for(estimator))
    assert "Not fitted" not in estimator_html_repr(estimator)


@parametrized
class Circle(BaseEstimator):
    """A circle.

    {parameters}

    {attributes}

    Notes
    -----
    Round.
    """

    radius: float = param([NON_NEGATIVE], "Half the width.", default=1.0)
    colour: str = param([StrOptions({"red", "blue"}), None], "What it looks\nlike.", default="red")

    _learned: ClassVar = {
        "area_ : float": "What is inside.",
        "seen_ : bool": "Whether it was seen.",
    }


@parametrized
class Ring(Circle):
    """A ring.

    {parameters}

    {attributes}
    """

    n_holes: int = param([Integral], "How many holes.", default=1, kw_only=False)
    colour: str = param([StrOptions({"blue"})], "Always blue.", default="blue")

    _learned: ClassVar = {"seen_ : bool or None": "Whether a ring was seen."}


@parametrized
class Undocumented(Circle):
    inner: float = param([Real], "Never shown.", default=0.5)


def test_a_class_has_its_own_parameters_in_the_order_of_declaration():
    assert list(inspect.signature(Circle).parameters) == ["radius", "colour"]
    assert section(Circle, "Parameters") == [
        ("radius : a float in the range [0.0, inf), default=1.0", "Half the width."),
        ("colour : {'blue', 'red'} or None, default='red'", "What it looks\nlike."),
    ]
    assert section(Circle, "Attributes") == [
        ("area_ : float", "What is inside."),
        ("seen_ : bool", "Whether it was seen."),
    ]
    assert inspect.cleandoc(Circle.__doc__).endswith("Notes\n-----\nRound.")


def test_a_subclass_adds_parameters_and_redeclares_inherited_ones_in_place():
    assert Ring().get_params() == {"radius": 1.0, "colour": "blue", "n_holes": 1}
    assert Ring(3, radius=2.0).get_params() == {"radius": 2.0, "colour": "blue", "n_holes": 3}
    assert [head.split(" : ")[0] for head, _ in section(Ring, "Parameters")] == [
        "n_holes",  # given by position, and so first, as in the signature
        "radius",
        "colour",
    ]
    assert ("colour : {'blue'}, default='blue'", "Always blue.") in (section(Ring, "Parameters"))
    assert [text for _, text in section(Ring, "Attributes")] == [
        "What is inside.",
        "Whether a ring was seen.",
    ]
    with pytest.raises(InvalidParameterError, match="The 'colour' parameter of Ring must be"):
        Ring(colour="red")._validate_params()


def test_the_base_class_is_left_as_it_was_by_its_subclasses():
    Circle(colour="red")._validate_params()
    assert list(Circle._parameter_constraints) == ["radius", "colour"]
    assert "n_holes" not in Circle.__doc__
    with pytest.raises(TypeError, match="n_holes"):
        Circle(n_holes=2)


def test_a_class_without_a_place_for_them_in_its_docstring_is_left_alone():
    assert Undocumented.__doc__ is None or "Never shown" not in Undocumented.__doc__
    assert Undocumented(inner=0.1, radius=2.0).get_params()["inner"] == 0.1


@pytest.mark.parametrize(
    ("cls", "name", "meant"),
    [
        (LSTMRegressor, "units", "hidden_size"),
        (LSTMRegressor, "epochs", "max_epochs"),
        (LSTMRegressor, "lr", "learning_rate"),
        (LSTMRegressor, "n_layers", "num_layers"),
        (DenseClassifier, "units", "hidden_layer_sizes"),
        (DenseClassifier, "hidden_size", "hidden_layer_sizes"),
        (TCNRegressor, "filters", "num_channels"),
        (LagTransformer, "lags", "n_lags"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_one_that_is_meant(cls, name, meant):
    text = rf"'{name}'; did you mean {meant}\?$"
    with pytest.raises(TypeError, match=text):
        cls(**{name: 3})
    with pytest.raises(ValueError, match=text):
        cls().set_params(**{name: 3})
    pipeline = make_pipeline(cls())
    with pytest.raises(ValueError, match=text):
        pipeline.set_params(**{f"{pipeline.steps[0][0]}__{name}": 3})


@each_class
def test_other_names_are_errors_of_scikit_learn_and_no_signature_takes_any(cls):
    kinds = {parameter.kind for parameter in inspect.signature(cls).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds
    with pytest.raises(TypeError, match="unexpected keyword argument 'zzzz'"):
        cls(zzzz=3)
