"""The public networks, in every test that is about all of them, and what needs the kernels."""

import pytest

import sklearn_rnn
from sklearn_rnn._modules.kernels import loader as library

# It reads documents, which are lists of lists of tokens.
OF_ANOTHER_INPUT = {"HierarchicalAttentionClassifier"}

NETS = [
    cls
    for name in sklearn_rnn.__all__
    if hasattr(cls := getattr(sklearn_rnn, name), "partial_fit") and name not in OF_ANOTHER_INPUT
]
REGRESSORS = [cls for cls in NETS if cls.__name__.endswith("Regressor")]
CLASSIFIERS = [cls for cls in NETS if cls.__name__.endswith("Classifier")]
STEPWISE = [cls for cls in NETS if cls._any_length]

needs_library = pytest.mark.skipif(library.LIBRARY is None, reason=f"kernels: {library.STATUS}")

# Laws hold after few epochs or steps, too; the warning itself has tests of its own.
few_epochs = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
