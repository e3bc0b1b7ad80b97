"""The training parameters that all estimators share."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from os import PathLike
from typing import Any

import numpy as np

from sklearn_rnn._sklearn.compat import Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._training.config import DEFAULT_ALPHA
from sklearn_rnn._training.optimizers import OPTIMIZERS
from sklearn_rnn._training.schedules import PLANNED

POSITIVE = Interval(Real, 0, None, closed="neither")
NON_NEGATIVE = Interval(Real, 0, None, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")
UNIT = Interval(Real, 0, 1, closed="both")
DROPOUT = Interval(Real, 0, 1, closed="left")
INSIDE = Interval(Real, 0, 1, closed="neither")


@parametrized
class TrainingParameters:
    """Parameters of the input and of the training, shared by all estimators."""

    n_channels: int | None = param(
        [COUNT, None],
        """Number of channels (variables, covariates) of a 2-D `X`, whose columns are blocks of
        `n_channels` columns, one block per step, oldest first. None reads number and order from
        names such as ``price_lag3``, ``lag_3`` or ``lag3``, in any order; without such names all
        columns are steps of one channel, and in dense networks (MLP) each column is a channel
        with a scale of its own. For a 3-D `X` it is taken from the last axis.""",
        default=None,
    )
    missing_indicator: bool = param(
        ["boolean"],
        """Whether to add, for each channel with missing values in the training data, an input
        that is 1 where the value is missing. The missing values themselves are replaced by the
        mean of their channel.""",
        default=True,
    )
    optimizer: str = param(
        [StrOptions(set(OPTIMIZERS))],
        """The optimizer. ``"lbfgs"`` uses all samples in each iteration and a line search, and is
        often the fastest on small data; it ignores `batch_size`, `learning_rate`, `lr_schedule`
        and `max_grad_norm`. ``"adamw"`` is Adam with decoupled weight decay.""",
        default="adam",
    )
    learning_rate: float = param(
        [POSITIVE],
        """The learning rate of the optimizer. The default suits adam, adamw and rmsprop; sgd and
        adagrad need a rate about 10 times as large, adadelta about 1000 times.""",
        default=0.002,
        also=("lr",),
    )
    lr_schedule: str = param(
        [StrOptions({"constant", "plateau", *PLANNED})],
        """Schedule of the learning rate. ``"constant"`` keeps it; ``"plateau"`` divides it by ten
        if the loss that `patience` is about has not improved by `tol` for more than `patience` / 2
        epochs; ``"cosine"`` and ``"onecycle"`` follow that schedule over all `max_epochs`, which
        are then all run unless `early_stopping` ends training.""",
        default="constant",
    )
    max_epochs: int = param(
        [COUNT],
        "Maximum number of epochs (passes over the training data), of each fit with `warm_start`.",
        default=200,
    )
    batch_size: int | str = param(
        [COUNT, StrOptions({"auto"})],
        """Batch size. ``"auto"`` uses all sequences if there are at most 64; otherwise
        ``n_samples // 64``, limited to between 32 and 512.""",
        default="auto",
    )
    alpha: float = param(
        [NON_NEGATIVE],
        """Strength of the penalty on the weights, as in scikit-learn's ``ElasticNet``: the
        objective is the mean loss (for squared error half the mean square) plus ``alpha * l1_ratio
        * |w|_1 + alpha * (1 - l1_ratio) / 2 * |w|_2^2``, on the standardised scale. Biases and
        the weights of a recurrent layer on its own state are not penalised: shrinking these
        shortens its memory.""",
        default=DEFAULT_ALPHA,
    )
    l1_ratio: float = param(
        [UNIT],
        """The L1 share of the penalty (lasso), which makes weights exactly zero, by a proximal
        step after each step of the optimizer (ProxGen, Yun et al., 2021); with ``"lbfgs"``, by
        proximal L-BFGS, similar to OWL-QN (Andrew and Gao, 2007). Mini-batch noise keeps some
        weights from reaching exactly zero, and with `early_stopping` the best epoch may come
        before they do.""",
        default=0.0,
    )
    penalty: str = param(
        [StrOptions({"elasticnet", "group"})],
        """What the L1 part makes zero: single weights, or with ``"group"`` (group lasso) all
        weights of an input channel (in an MLP, of a channel at a lag), so that the network
        selects its inputs: see `selected_channels_`. The L1 term then is ``alpha * l1_ratio *
        sum_g sqrt(p_g) * |w_g|_2`` over groups g of p_g weights (Yuan and Lin, 2006). Weights
        of later layers get only the L2 term. With ``l1_ratio=1`` there is no L2 term, so later
        layers can grow and undo the shrinkage of the first.""",
        default="elasticnet",
    )
    linear_skip: bool = param(
        ["boolean"],
        """Whether to add the output of a linear model of the whole sequence to that of the
        network. The linear part is initialised as a ridge regression with penalty `alpha` (for
        other losses, the penalised linear model with that loss; if `l1_ratio` > 0, with the L1
        part of the penalty too, including its zero coefficients); the network part starts at
        zero. With `early_stopping`, the first fit returns ``f_0 + c / 2 * (f_1 - f_0)``, where
        f_0 is the linear model, f_1 the model of the best epoch, and c the value in [0, 1] with
        the lowest validation loss: the validation loss is never higher than that of the linear
        model. All sequences must have the same number of steps; a step of padding counts as
        missing values.""",
        default=False,
    )
    max_grad_norm: float | None = param(
        [POSITIVE, None],
        "Norm to which larger gradients are clipped; None does not clip.",
        default=None,
    )
    early_stopping: bool | str = param(
        ["boolean", StrOptions({"auto"})],
        """Whether to hold out `validation_fraction` of the data (unless `fit` is given `X_val`),
        stop when the validation loss has not improved by `tol` for `patience` epochs, and keep
        the weights of the best epoch. ``"auto"`` does so from 500 samples on, in classification
        from 100, of fewer than 500 at least a fifth, and with `X_val`.""",
        default="auto",
    )
    validation_fraction: float = param(
        [INSIDE],
        """Fraction of the data held out for early stopping: the last rows in regression, a
        stratified random sample in classification. If `X` is windows of `LagTransformer`, the last
        windows of each series are held out in both; if the columns of `X` are named by their lags,
        the last rows, of each series if X or y has a MultiIndex that names it.""",
        default=0.1,
    )
    patience: int = param(
        [COUNT],
        """Number of epochs without an improvement by `tol` of the validation loss (of the
        training loss without `early_stopping`) after which training stops. With `early_stopping`
        it waits three times as long while the training loss is within 2 % of that of a constant
        prediction, a plateau on which networks with gates often begin.""",
        default=20,
    )
    tol: float = param(
        [NON_NEGATIVE],
        "The smallest decrease of the loss that counts as an improvement.",
        default=1e-4,
    )
    shuffle: bool = param(
        ["boolean"],
        "Whether to shuffle the sequences in each epoch.",
        default=True,
    )
    augmentation: dict[str, float] | None = param(
        [dict, None],
        """Data augmentation in training, drawn anew for each batch: a dict from the name of an
        augmentation to its strength a. ``"jitter"`` adds Gaussian noise with standard deviation a
        to the standardised values; ``"scaling"`` multiplies each channel of a sequence by one
        plus such noise; ``"slicing"`` crops a random segment with a share a of the steps and
        stretches it to all of them; ``"mixup"`` mixes pairs of sequences and targets, with
        weights drawn from Beta(a, a) (Zhang et al., 2018). Example: ``{"jitter": 0.03,
        "slicing": 0.9}``.""",
        default=None,
    )
    warm_start: bool = param(
        ["boolean"],
        """Whether `fit` continues from the weights, the scales and the optimizer state of the last
        call, for up to `max_epochs` more; `patience` counts anew. The parameters of the
        architecture, the loss, the optimizer and the precision must then be unchanged.""",
        default=False,
    )
    standardize: bool | str = param(
        ["boolean", StrOptions({"window", "last"})],
        """Whether channels and regression targets are standardised inside the estimator, with means
        and standard deviations of the training data, as glmnet does. For non-stationary series each
        window can also be normalised by its own values: ``"last"`` subtracts the last observed
        value of each channel (NLinear, Zeng et al., 2023), and standardises the rest; ``"window"``
        subtracts the mean of each channel in the window and divides by its standard deviation
        there, at least 0.001 of that in training or, if less, of the largest absolute value in the
        window (RevIN, Kim et al., 2022). A regression target is normalised by the same values as
        its channel, and the loss has the same units for all windows. Known future covariates
        (`known_ahead`) are standardised by the training data only; a channel without an observed
        value in a window is set to its training mean.""",
        default=True,
    )
    dtype: str = param(
        [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        """Precision of the network. ``"auto"`` is ``"float64"`` if X has at most 10,000 values,
        where it costs almost no time, and ``"float32"`` above. ``"bfloat16"`` (mixed precision)
        keeps the weights in float32 and computes products in bfloat16, with 3 significant digits;
        it is meant for hardware that supports it, such as most current GPUs.""",
        default="auto",
    )
    device: str = param(
        [str],
        """The torch device, such as ``"cpu"`` or ``"cuda:1"``; ``"auto"`` is CUDA if available,
        otherwise the CPU.""",
        default="auto",
    )
    random_state: Any = param(
        ["random_state"],
        """Random state for the initial weights, the order of the batches, augmentation, dropout
        and the validation split. Pass an integer for reproducible results.""",
        default=None,
    )
    n_members: int = param(
        [COUNT],
        """Number of networks that `fit` trains, which differ in their seeds (`member_seeds_`, drawn
        from `random_state`). `predict` returns the mean of their predictions, in classification of
        their probabilities (deep ensembles, Lakshminarayanan et al., 2017); `predict_members` those
        of each; a distribution is the equal mixture of theirs. A member is, bit for bit, the
        network of ``random_state=member_seeds_[i]`` alone. The data are read once, and small
        networks are trained side by side on as many threads as torch may use; in turn with
        `callbacks` or `verbose`. Training that continues keeps the seeds.""",
        default=1,
    )
    callbacks: Any = param(
        [list, callable, None],
        """skorch callbacks, called before and after each epoch, and each batch if they implement
        batch hooks; or a function that returns a list of them, as ``lambda: [TensorBoard(...)]``.
        `fit` uses those of a list themselves, and clones of them for each of several members. A
        search has clones too: callbacks that cannot be cloned, or report to an object of yours,
        need a function. Those of a fit are in ``net_.callbacks_``. Scoring callbacks
        (``EpochScoring``) are not supported because they need skorch's own training loop; pass
        `X_val` and `y_val` to `fit` instead.""",
        default=None,
    )
    verbose: int = param(
        [Interval(Integral, 0, 2, closed="both")],
        "0 is silent, 1 prints a line per epoch, 2 shows a progress bar with the time left.",
        default=0,
    )
    checkpoint: Any = param(
        [str, PathLike, None],
        """Folder in which `fit` saves the state of the training, at most a twentieth of its time:
        if the process is killed, and started again, the same fit goes on from there, and learns
        the same, bit for bit. The file is removed when the fit has succeeded. It is known by class,
        parameters, data and `random_state`, which must be given; `callbacks` cannot go on. None
        writes nothing, as does ``partial_fit``.""",
        default=None,
    )


ONE_EPOCH: dict[str, Any] = {
    **{"max_epochs": 1, "early_stopping": False, "lr_schedule": "constant"},
    **{"checkpoint": None},
}
"""Training parameters that ``partial_fit`` overrides."""

CHANGEABLE = frozenset(
    {
        "alpha",
        "augmentation",
        "batch_size",
        "callbacks",
        "checkpoint",
        "class_weight",
        "early_stopping",
        "l1_ratio",
        "learning_rate",
        "lr_schedule",
        "max_epochs",
        "max_grad_norm",
        "patience",
        "random_state",
        "shuffle",
        "tol",
        "validation_fraction",
        "verbose",
        "warm_start",
    }
)
"""Parameters that may change when training is continued."""


def check_window_scaling(parameters: Mapping[str, Any]) -> None:
    """Check that parameters go with windows that are normalised by their own values.

    Parameters
    ----------
    parameters : mapping of str to object
        All parameters of an estimator.

    Raises
    ------
    ValueError
        If they do not.
    """
    kind = parameters["standardize"]
    if not isinstance(kind, str):
        return
    if (loss := parameters.get("loss")) in ("poisson", "negative_binomial"):
        raise ValueError(
            f'standardize="{kind}" subtracts the level of a window from y, and loss="{loss}" '
            "needs counts; set standardize=True, or another loss."
        )
    if parameters.get("return_sequences"):
        raise ValueError(
            f'standardize="{kind}" normalises by the values of the whole window, which the outputs '
            "of earlier steps must not depend on; set standardize=True with return_sequences=True."
        )


def check_continues(parameters: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Check that the parameters of the first fit have not changed, when training is continued.

    Parameters
    ----------
    parameters : mapping of str to object
        All parameters of the estimator.
    before : mapping of str to object
        Those of the first fit.

    Raises
    ------
    ValueError
        If one of them has changed that is not `CHANGEABLE`.
    """
    for name in parameters.keys() - CHANGEABLE:
        now, value = parameters[name], before[name]
        if now is not value and not np.array_equal(now, value):
            raise ValueError(
                f"{name} cannot change from {value!r} to {now!r} when training is continued; set "
                "it back, or start again with warm_start=False."
            )
