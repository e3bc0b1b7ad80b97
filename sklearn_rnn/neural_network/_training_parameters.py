"""The training parameters that all estimators share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn_rnn._sklearn.compat import Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
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

    n_channels: int = param(
        [COUNT],
        """Number of channels (variables, covariates) of a 2-D `X`, whose columns are one block of
        `n_channels` columns per step, oldest step first. A 3-D `X` has its channels on the last
        axis.""",
        default=1,
    )
    missing_indicator: bool = param(
        ["boolean"],
        """Whether to add, for each channel with missing values in the training data, an input
        that is 1 where the value is missing. Missing values themselves are replaced by the mean
        of their channel.""",
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
    )
    lr_schedule: str = param(
        [StrOptions({"constant", "plateau", *PLANNED})],
        """Schedule of the learning rate. ``"constant"`` keeps it; ``"plateau"`` divides it by ten
        when the loss has not improved for half of `patience` epochs; ``"cosine"`` and
        ``"onecycle"`` follow a cosine or one cycle over `max_epochs`, all of which are run unless
        `early_stopping` ends training.""",
        default="constant",
    )
    max_epochs: int = param(
        [COUNT],
        "Maximum number of epochs (passes over the training data).",
        default=200,
    )
    batch_size: int | str = param(
        [COUNT, StrOptions({"auto"})],
        """Number of sequences in a batch. ``"auto"`` takes all of up to 64 samples, and of more
        ``n_samples // 64``, but at least 32 and at most 512.""",
        default="auto",
    )
    alpha: float = param(
        [NON_NEGATIVE],
        """Strength of the penalty on the weights (not the biases), as in scikit-learn's
        ``ElasticNet``: the objective is the mean loss (for squared error half the mean square)
        plus ``alpha * l1_ratio * |w|_1 + alpha * (1 - l1_ratio) / 2 * |w|_2^2``, on the
        standardised scale.""",
        default=0.001,
    )
    l1_ratio: float = param(
        [UNIT],
        """The L1 share of the penalty (lasso), which makes weights exactly zero, by a proximal
        step after each step of the optimizer (ProxGen, Yun et al., 2021; with ``"lbfgs"`` by
        OWL-QN, Andrew and Gao, 2007). With small batches, gradient noise keeps some weights from
        zero; with `early_stopping`, the best epoch may precede the one in which they reach
        zero.""",
        default=0.0,
    )
    penalty: str = param(
        [StrOptions({"elasticnet", "group"})],
        """What the L1 part makes zero: single weights, or with ``"group"`` (group lasso) all
        weights of an input channel (in an MLP, of a channel at a lag), so that the network
        selects its inputs: see `selected_channels_`. The L1 term then is ``alpha * l1_ratio *
        sum_g sqrt(p_g) * |w_g|_2`` over groups g of p_g weights (Yuan and Lin, 2006), and the
        weights of later layers have only the L2 term. Keep ``l1_ratio < 1``: without an L2 term,
        larger weights in later layers undo the shrinkage.""",
        default="elasticnet",
    )
    linear_skip: bool = param(
        ["boolean"],
        """Whether to add the output of a linear model of the whole sequence to that of the
        network. The linear part is initialised by ridge regression of strength `alpha` (by the
        linear model with the same loss, and with the same zeros if `l1_ratio` is positive), and
        the output of the network at zero. With `early_stopping` the first fit ends half-way
        between the linear model and the best combination on the validation data: there it is
        never worse than the linear model, and it has half the noise of a network. All sequences
        must have the same number of steps; a step of padding counts as missing values.""",
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
        the weights of the best epoch. ``"auto"`` does so from 500 samples on, and with
        `X_val`.""",
        default="auto",
    )
    validation_fraction: float = param(
        [INSIDE],
        """Fraction of the data held out for early stopping: the last rows in regression, a
        stratified random sample in classification.""",
        default=0.1,
    )
    patience: int = param(
        [COUNT],
        """Number of epochs without an improvement by `tol` of the validation loss (of the
        training loss without `early_stopping`) after which training stops.""",
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
        """Data augmentation in training, drawn anew for each batch: a dict of strengths by name.
        ``"jitter"`` adds normal noise of this standard deviation to the (standardised) values;
        ``"scaling"`` multiplies each channel of a sequence by one plus such noise; ``"slicing"``
        resamples a random slice, of this fraction of the steps, to the full length; ``"mixup"``
        averages pairs of sequences and their targets, with weights from the beta distribution
        with this parameter (Zhang et al., 2018). Example: ``{"jitter": 0.03, "slicing":
        0.9}``.""",
        default=None,
    )
    warm_start: bool = param(
        ["boolean"],
        """Whether `fit` continues from the weights, the scales and the optimizer state of the
        last call. The parameters of the architecture, the loss, the optimizer and the precision
        must then be unchanged.""",
        default=False,
    )
    standardize: bool = param(
        ["boolean"],
        """Whether to standardise channels and regression targets internally to mean zero and
        variance one, with the means and variances of the training data, as glmnet does.""",
        default=True,
    )
    dtype: str = param(
        [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        """Precision of the network. ``"auto"`` is ``"float64"`` if X has at most 10,000 values,
        where it costs next to nothing, and ``"float32"`` above. ``"bfloat16"`` (mixed precision)
        keeps the weights in float32 and computes products in bfloat16, with 3 significant
        digits; it is meant for hardware that supports it, such as most current GPUs.""",
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
    callbacks: Any = param(
        [list, None],
        """skorch callbacks, called after each epoch, and around each batch if they define such a
        hook. Copies of them are used and kept in ``net_.callbacks_``. Scoring callbacks
        (``EpochScoring``) need skorch's own training loop and are refused; pass `X_val` to `fit`
        instead.""",
        default=None,
    )
    verbose: int = param(
        [Interval(Integral, 0, 2, closed="both")],
        "0 is silent, 1 prints a line per epoch, 2 shows a progress bar with the time left.",
        default=0,
    )
