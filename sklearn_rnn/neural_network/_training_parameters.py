"""The parameters of training, the same in every estimator."""

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
    """How sequences are read and nets are trained."""

    n_channels: int = param(
        [COUNT],
        """Channels of a 2-D `X`, whose columns are blocks of `n_channels`, one block a step,
        oldest first. A 3-D `X` tells its channels itself.""",
        default=1,
    )
    missing_indicator: bool = param(
        ["boolean"],
        """Whether the net also reads, for each channel with missing values in the training data,
        where they are missing. The values themselves stand at the mean of their channel.""",
        default=True,
    )
    optimizer: str = param(
        [StrOptions(set(OPTIMIZERS))],
        """The optimizer. ``"lbfgs"`` works on the whole data at once with a line search, which
        on small data is often the fastest; it ignores `batch_size`, `learning_rate`, `lr_schedule`
        and `max_grad_norm`. ``"adamw"`` decays the weights apart from the gradient.""",
        default="adam",
    )
    learning_rate: float = param(
        [POSITIVE],
        """The size of a step of the optimizer. The default suits adam, adamw and rmsprop; sgd and
        adagrad want about ten times, adadelta a thousand times as much.""",
        default=0.002,
    )
    lr_schedule: str = param(
        [StrOptions({"constant", "plateau", *PLANNED})],
        """How the learning rate changes: it stays; it is divided by ten when the loss has not
        improved for half of `patience`; or it follows a cosine or one cycle over all of
        `max_epochs`, which then are all run unless `early_stopping` ends them.""",
        default="constant",
    )
    max_epochs: int = param(
        [COUNT],
        "The largest number of passes over the data.",
        default=200,
    )
    batch_size: int | str = param(
        [COUNT, StrOptions({"auto"})],
        """Sequences in one step of the optimizer. ``"auto"`` takes up to 64 at once, and of more
        a 64th, but at least 32 and at most 512.""",
        default="auto",
    )
    alpha: float = param(
        [NON_NEGATIVE],
        """The penalty on weights (not biases), as in scikit-learn's ``ElasticNet``: the objective
        is the mean loss (for squared error half the mean square) plus ``alpha * l1_ratio *
        |w|_1 + alpha * (1 - l1_ratio) / 2 * |w|_2^2``, on the standardised scale.""",
        default=0.001,
    )
    l1_ratio: float = param(
        [UNIT],
        """The share of the lasso, the part of the penalty that makes weights exactly zero, by a
        proximal step after each step of the optimizer (ProxGen, Yun et al., 2021; with
        ``"lbfgs"`` on the way of OWL-QN, Andrew and Gao, 2007). The noise of small batches
        keeps some weights from zero, and with `early_stopping` the best epoch may be one in which
        they have not come there yet.""",
        default=0.0,
    )
    penalty: str = param(
        [StrOptions({"elasticnet", "group"})],
        """What the lasso makes zero: single weights, or with ``"group"`` all weights that read
        the same channel (in dense nets the same lag of the same channel), so that the net selects
        what it reads: see `selected_channels_`. The norm of a group g, of p_g weights, takes the
        place of the absolute values, ``alpha * l1_ratio * sum_g sqrt(p_g) * |w_g|_2`` (Yuan and
        Lin, 2006), and the weights of later layers have the ridge part alone; without any, at
        ``l1_ratio=1``, they undo the shrinkage.""",
        default="elasticnet",
    )
    linear_skip: bool = param(
        ["boolean"],
        """Whether a linear model of the whole sequence is added to the net. It starts as the ridge
        regression of strength `alpha` (for another loss the linear model with that loss, with
        `l1_ratio` that with its zeros), and the net at zero. With `early_stopping` the first fit
        ends half of the way from the linear model to what is best on the validation data: never
        worse than the linear model there, and with half of the noise of a net. All sequences must
        then have the same number of steps, and one that is absent is a missing value.""",
        default=False,
    )
    max_grad_norm: float | None = param(
        [POSITIVE, None],
        "The norm to which longer gradients are clipped.",
        default=None,
    )
    early_stopping: bool | str = param(
        ["boolean", StrOptions({"auto"})],
        """Whether to set `validation_fraction` of the data aside (unless `fit` is given `X_val`),
        to stop when the loss there has not improved by `tol` for `patience` epochs, and to return
        to the best epoch. ``"auto"`` does so for 500 samples or more, and with `X_val`.""",
        default="auto",
    )
    validation_fraction: float = param(
        [INSIDE],
        """The share of the data for early stopping: the last of the rows in regression, a
        stratified random part in classification.""",
        default=0.1,
    )
    patience: int = param(
        [COUNT],
        """Epochs without an improvement by `tol` of the validation loss (of the training loss
        without `early_stopping`) after which training ends.""",
        default=20,
    )
    tol: float = param(
        [NON_NEGATIVE],
        "The least improvement of the loss that counts.",
        default=1e-4,
    )
    shuffle: bool = param(
        ["boolean"],
        "Whether each epoch takes the sequences in a new random order.",
        default=True,
    )
    augmentation: dict[str, float] | None = param(
        [dict, None],
        """Changes to the sequences in training, drawn anew in each batch, by name: ``"jitter"``
        adds normal noise of this deviation to the (standardised) values; ``"scaling"`` multiplies
        each channel of a sequence by one plus such noise; ``"slicing"`` stretches a random part,
        of this share of the steps, to all of them; ``"mixup"`` mixes sequences and targets in
        pairs, with shares of the beta distribution of this parameter (Zhang et al., 2018). For
        example ``{"jitter": 0.03, "slicing": 0.9}``.""",
        default=None,
    )
    warm_start: bool = param(
        ["boolean"],
        """Whether `fit` continues from the weights, the scales and the optimizer's state of the
        last call. Parameters of the architecture, the loss, the optimizer and the precision must
        then stay as they were.""",
        default=False,
    )
    standardize: bool = param(
        ["boolean"],
        """Whether channels and regression targets are brought to mean zero and variance one
        inside, by what the training rows say, as glmnet does.""",
        default=True,
    )
    dtype: str = param(
        [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        """The precision of the net; ``"auto"`` is double for up to 10,000 values of X, where it
        costs next to nothing, and single above. ``"bfloat16"`` keeps the weights in single
        precision and lets torch compute products in bfloat16, with 3 significant digits: for
        processors that are made for it, most GPUs of today.""",
        default="auto",
    )
    device: str = param(
        [str],
        """The torch device, such as ``"cpu"`` or ``"cuda:1"``; ``"auto"`` is CUDA where torch
        finds it and the CPU elsewhere.""",
        default="auto",
    )
    random_state: Any = param(
        ["random_state"],
        """The source of the initial weights, of the order of the batches, of dropout and of the
        validation split. An integer gives the same bits at every call.""",
        default=None,
    )
    callbacks: Any = param(
        [list, None],
        """Callbacks of skorch, served once an epoch, and once a batch if they ask for it; copies
        are used, and found in ``net_.callbacks_``. Those that score (``EpochScoring``) need
        skorch's own loop; `X_val` serves in their place.""",
        default=None,
    )
    verbose: int = param(
        [Interval(Integral, 0, 2, closed="both")],
        "0 is silent, 1 prints a line an epoch, 2 shows a progress bar with the time left.",
        default=0,
    )
