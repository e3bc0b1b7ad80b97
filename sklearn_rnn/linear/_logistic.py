"""Logistic regression on windows: `LagLogistic` and `LagLogisticCV`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn.linear._base import WindowModel, coefficient_docs
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._families import Binomial, Family
from sklearn_rnn.linear._generalized import GeneralizedModel, GeneralizedModelCV


@parametrized
class BinaryClassifier(ClassifierMixin, WindowModel):
    """Base class of classifiers with two classes, by the log odds of the second."""

    _family: ClassVar[Family] = Binomial()
    _learned: ClassVar[dict[str, str]] = {
        "classes_ : ndarray of shape (2,)": "Labels of the classes, sorted.",
        **coefficient_docs("1, ", of=", for the log odds of ``classes_[1]``"),
        "intercept_ : ndarray of shape (1,)": "Intercept.",
    }

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the log odds of the second class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows. Missing values (NaN) are replaced by the training mean of their channel.

        Returns
        -------
        ndarray of shape (n_samples,)
            Log odds.
        """
        return self._linear_predictor(X)[:, 0]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Probabilities, in the order of `classes_`.
        """
        odds = self.decision_function(X)
        return np.column_stack([self._family.mean(-odds), self._family.mean(odds)])

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithms of the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Logarithms, in the order of `classes_`.
        """
        odds = self.decision_function(X)
        return -np.logaddexp(0.0, np.column_stack([odds, -odds]))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the more probable class of each window.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        is_second = self.decision_function(X) > 0
        return np.asarray(self.classes_[is_second.astype(np.intp)])

    def _read_target(self, y: Any) -> FloatArray:
        """Return 0 and 1 for the classes, of shape (n_samples, 1)."""
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(labels)}: y has {len(self.classes_)} classes. Give "
                f"OneVsRestClassifier({type(self).__name__}()) of sklearn.multiclass."
            )
        return codes.reshape(-1, 1).astype(np.float64)

    def _fault(self, y: FloatArray) -> str | None:
        if y.min() < y.max():
            return None
        return (
            f"y must have samples of two classes that are fitted, but has one class: {len(y)} "
            f"samples of {self.classes_[int(y[0, 0])]}."
        )

    def __sklearn_tags__(self) -> Tags:
        """Declare that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


@parametrized
class LagLogistic(BinaryClassifier, GeneralizedModel):
    r"""Logistic regression on windows, without storing the flattened windows.

    The coefficients minimise the mean log loss and an elastic-net penalty,

    .. math:: \frac{1}{\sum_i w_i} \sum_i w_i \left( \log (1 + e^{\eta_i}) - y_i \eta_i \right)
        + \alpha \sum_j v_j \left( \rho |b_j| + \frac{1 - \rho}{2} b_j^2 \right),
        \qquad \eta_i = b_0 + b^\top x_i,

    where y is 1 for the second class, with :math:`\rho` = `l1_ratio`, weights w (`sample_weight`)
    and factors v (`penalty_factor`). Groups are penalised as in `LagElasticNet`.

    {parameters}

    {attributes}

    See Also
    --------
    LagLogisticCV : The same with `alpha` chosen by cross-validation.
    LagPoisson : Regression of counts.

    Notes
    -----
    ``alpha`` is ``1 / (C n)`` of scikit-learn's ``LogisticRegression``, where n is the sum of the
    weights, and `lambda` of glmnet's ``family="binomial"`` with ``standardize=True``, for every
    `l1_ratio`. glmnet's factors of the penalty are rescaled to the mean 1.

    **Cost.** A step of Newton's method minimises a quadratic model by its Gram matrix, and reads
    the windows twice; up to 2 million of their values are kept between the steps. The first Gram
    matrix has the weights of the model without coefficients, which are all equal: windows of a
    series share its terms. As steps become slow it is computed anew, with the weights of that step,
    in blocks of windows: rows times the square of the columns. It serves the next penalties, too.
    The bound 1/4 of all weights would need a single matrix, but many more steps, the more so the
    rarer a class is.

    Incomplete windows are as in `LagRidge`.
    Missing values (NaN) are replaced by the mean of their channel over the training windows, as in
    `LagRidge`.
    There are two classes;
    ``OneVsRestClassifier`` takes more of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagLogistic, make_lagged
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> windows, rises = make_lagged(rows, np.roll(rows[:, 1], 2) > 0, 3)
    >>> LagLogistic(0.1).fit(windows, rises).lag_coef_[0] != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """


@parametrized
class LagLogisticCV(BinaryClassifier, GeneralizedModelCV):
    """Logistic regression on windows, with `alpha` chosen by the deviance of cross-validation.

    {parameters}

    {attributes}

    See Also
    --------
    LagLogistic : The model for one `alpha`, and the meaning of its parameters.
    LagElasticNetCV : The same for squared errors.

    Notes
    -----
    The deviance is twice the log loss, and the rules to choose are those of ``cv.glmnet``, which
    clips probabilities at 1e-5 and 1 - 1e-5; they are not clipped here. The first penalty is the
    smallest at which all penalised coefficients are zero; all folds have the penalties of the fit
    to all samples. Folds whose training samples are of one class are left out of the choice; at
    least one fold has to have both.

    Missing values (NaN) are replaced by the mean of their channel over the training windows, in
    each fold over its own; incomplete windows are predicted but not fitted, as in `LagRidge`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagLogisticCV, make_lagged
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(200, 2))
    >>> windows, rises = make_lagged(rows, np.roll(rows[:, 1], 2) + rng.normal(size=200) > 0, 3)
    >>> LagLogisticCV(rule="1se").fit(windows, rises).lag_coef_[0] != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """
