"""Nets of about the same size on made-up tasks of long memory, images, music and text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import sklearn_rnn as rnn
from benchmarks.harness.characters import BITS
from benchmarks.harness.long_sequences import adding, characters, copying, digits, music
from benchmarks.harness.runner import Model, Task
from benchmarks.question import Question, sizes
from benchmarks.report.pictures import draw_scores, panel
from benchmarks.report.study import Study

NETS = ("RNN", "LSTM", "GRU", "TCN")
OF_STEPS = {"return_sequences": True, "standardize": False}
MADE_UP = ("adding", "copying")
ENOUGH = 3  # random states for a net to be called the best
SOLVED = 0.01  # the share of the floor's loss below which a made-up task is solved
BEST_SIMPLE = "best simple model"
PUBLISHED = {
    task: dict(zip(NETS, scores, strict=True))
    for task, scores in {
        "adding over 600 steps": (0.177, 0.164, 5.3e-5, 5.8e-5),
        "copying after 1000 steps": (0.0202, 0.0204, 0.0197, 3.5e-5),
        "sequential MNIST": (0.215, 0.872, 0.962, 0.990),
        "permuted MNIST": (0.253, 0.857, 0.873, 0.972),
        "JSB Chorales": (8.91, 8.45, 8.43, 8.10),
        "Nottingham": (4.05, 3.29, 3.46, 3.07),
        "PTB characters": (1.48, 1.36, 1.37, 1.31),
    }.items()
}


@dataclass(frozen=True)
class Kind:
    """What the score of some tasks is, and the parameters of nets that say what they predict."""

    measure: str
    targets: Mapping[str, Any] = field(default_factory=dict)
    is_less_better: bool = True


KINDS = {  # by how the names of the tasks begin
    "adding": Kind("mean squared error", {"standardize": False}),
    "copying": Kind("cross-entropy", OF_STEPS),
    "sequential": Kind("accuracy", is_less_better=False),
    "permuted": Kind("accuracy", is_less_better=False),
    "JSB": Kind("NLL of a frame", OF_STEPS),
    "Nottingham": Kind("NLL of a frame", OF_STEPS),
    "PTB": Kind(BITS, {"return_sequences": True, "embedding_dim": 32}),
}


def kind_of(task: str) -> Kind:
    return next(kind for start, kind in KINDS.items() if task.startswith(start))


def direction(task: str) -> str:
    return "less" if kind_of(task).is_less_better else "more"


@dataclass(frozen=True)
class Setting:
    """The four nets of a task: units, channels and levels of the TCN, rates, and training."""

    units: tuple[int, int, int]  # of RNN, LSTM and GRU
    convolution: tuple[int, int, int]  # channels, kernel and levels
    rates: tuple[float, float, float, float]
    max_epochs: int
    batch_size: int
    dropout: float

    def __str__(self) -> str:
        rates = ", ".join(f"{rate:g}" for rate in self.rates)
        epochs = "1 epoch" if self.max_epochs == 1 else f"{self.max_epochs} epochs"
        return (
            f"{epochs} in batches of {self.batch_size}, adam with a onecycle rate of {rates} (in "
            f"the order of the table), dropout {self.dropout:g}; the TCN has a kernel of "
            f"{self.convolution[1]} and {self.convolution[2]} levels."
        )

    def models(self, task: Task, *, short: bool) -> list[Model]:
        how: dict[str, Any] = {
            **{"max_epochs": 1 if short else self.max_epochs, "batch_size": self.batch_size},
            **{"dropout": self.dropout, "lr_schedule": "onecycle", "max_grad_norm": 1.0},
            **{"early_stopping": bool(task.validation), "alpha": 0.0, "dtype": "float32"},
            **kind_of(task.name).targets,
        }
        channels, kernel, levels = self.convolution
        tcn = {"num_channels": channels, "kernel_size": kernel, "num_levels": levels}
        parts = [*({"hidden_size": n} for n in self.units), tcn]
        kind = "Regressor" if task.name.startswith("adding") else "Classifier"
        return [
            Model(name, getattr(rnn, name + kind)(learning_rate=r, **size, **how), seeded=True)
            for name, size, r in zip(NETS, parts, self.rates, strict=True)
        ]


SLOW, FAST, TEXT = (0.004,) * 4, (0.005,) * 4, (0.002, 0.01, 0.005, 0.005)
IMAGE = Setting((110, 54, 62), (12, 8, 6), (0.002, 0.005, 0.005, 0.005), 8, 32, 0.0)
MUSIC = (215, 100, 120), (62, 3, 3)
SETTINGS = {
    "adding": Setting((92, 45, 52), (12, 6, 6), SLOW, 8, 16, 0.0),
    "copying, short": Setting((160, 78, 91), (26, 8, 3), FAST, 4, 16, 0.0),
    "copying": Setting((160, 78, 91), (16, 8, 7), FAST, 5, 4, 0.0),
    "MNIST": IMAGE,
    "permuted MNIST": IMAGE,
    "chorales": Setting(*MUSIC, (0.005, 0.02, 0.02, 0.01), 60, 8, 0.5),
    "Nottingham": Setting(*MUSIC, (0.005, 0.01, 0.01, 0.01), 15, 8, 0.2),
    "characters": Setting((265, 128, 150), (60, 3, 4), TEXT, 1, 4, 0.0),
}
PLANS = sizes(
    n_seeds=(1, 3, 10),
    n_sums=(40, 10_000, 50_000),
    n_copies=(20, 2_000, 10_000),
    n_waiting=(100, 1000, 1000),
    n_copies_of_short=(40, 10_000, 10_000),
    n_digits=(50, 10_000, 60_000),  # of each part, like the next two
    n_pieces=(4, None, None),
    n_characters=(1000, None, None),
    short=(True, False, False),
)


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    image = partial(digits, plan.n_digits, download_if_missing=download)
    piece = partial(music, n_pieces=plan.n_pieces, download_if_missing=download)
    loads: dict[str, Callable[[], Task]] = {
        "adding": partial(adding, plan.n_sums),
        "copying, short": partial(copying, plan.n_copies_of_short, 20),
        "copying": partial(copying, plan.n_copies, plan.n_waiting),
        "MNIST": partial(image, permuted=False),
        "permuted MNIST": partial(image, permuted=True),
        "chorales": partial(piece, "JSB_Chorales"),
        "Nottingham": partial(piece, "Nottingham"),
        "characters": partial(characters, plan.n_characters, download_if_missing=download),
    }
    return {name: partial(with_nets, name, load, plan) for name, load in loads.items()}


def with_nets(name: str, load: Callable[[], Task], plan: Any) -> Task:
    """Return a task with its nets, and their description."""
    task, setting = load(), SETTINGS[name]
    measure = kind_of(task.name).measure
    note = (
        f"{measure[0].upper()}{measure[1:]}, {direction(task.name)} is better; {len(task.X)} "
        f"sequences for training and {len(task.X_test)} for the test. {setting}"
    )
    return replace(task, models=[*task.models, *setting.models(task, short=plan.short)], note=note)


def best(study: Study, task: str, names: Sequence[str]) -> str:
    return study.best(task, names, less=kind_of(task).is_less_better)


def solvers(study: Study, task: str) -> list[str]:
    """Return the nets that solve a made-up task, and with how many seeds."""
    limit, found = SOLVED * study.mean(task, study.models(task)[0]), []
    for net in study.nets(task):
        runs = study.scores(task, net)
        if n_solved := sum(score < limit for score in runs):
            found.append(f"{net} ({n_solved} of {len(runs)} seed{'s' * (len(runs) > 1)})")
    return found


def failures(study: Study, task: str) -> list[str]:
    """Return the other nets."""
    solving = [text.partition(" (")[0] for text in solvers(study, task)]
    return [net for net in study.nets(task) if net not in solving]


def ranks(study: Study, others: Sequence[str]) -> dict[str, list[str]]:
    """Return where a net is better than all others, and where not, for which reason."""
    clear: dict[str, list[str]] = {}
    found: dict[str, list[str]] = {"overlapping": [], "unranked": [], "beaten": []}
    for task in others:
        nets = study.nets(task)
        first = leaders(study, task, nets)
        if any(len(study.of(task, net)) < ENOUGH for net in nets):
            found["unranked"].append(task)
        elif len(first) == 1:
            clear.setdefault(first[0], []).append(task)
        else:
            found["overlapping"].append(f"{' and '.join(first)} on {task}")
        if best(study, task, study.models(task)) not in nets:
            found["beaten"].append(task)
    return {**found, "ahead": [f"{net} on {', '.join(of)}" for net, of in clear.items()]}


def leaders(study: Study, task: str, models: Sequence[str]) -> list[str]:
    """Return the model of the best mean score, and those with a seed as good as one of its own."""
    sign = 1 if kind_of(task).is_less_better else -1
    losses = {m: [sign * score for score in study.scores(task, m)] for m in models}
    first = best(study, task, models)
    overlap = [m for m in models if m != first and min(losses[m]) <= max(losses[first])]
    return [first, *overlap]


def facts(study: Study) -> dict[str, Any]:
    others = [task for task in study.tasks if not task.startswith(MADE_UP)]
    made_up = [task for task in study.tasks if task not in others]
    return {"made_up": made_up, "others": others, "ranks": ranks(study, others)}


def draw(to: Path, study: Study) -> None:
    """Draw a panel for each task, with the best simple model on top."""
    told = facts(study)
    titles = {
        "tcn": ("Made-up tasks of long memory: error of nets of about the same size", "made_up"),
        "tcn-real": ("Images, music and text, step by step: nets of about the same size", "others"),
    }
    for name, (title, tasks) in titles.items():
        panels = {}
        for task in told[tasks]:
            simple, kept = best(study, task, study.simple(task)), [BEST_SIMPLE, *study.nets(task)]
            scores = panel(study, task, PUBLISHED.get(task, {}))
            scores = [s._replace(row=BEST_SIMPLE) if s.row == simple else s for s in scores]
            heading = f"{task}\n{kind_of(task).measure},\n{direction(task)} is better"
            panels[heading] = [s for s in scores if s.row in kept]
        if panels:
            label = "score on the test part (line: best simple model)"
            draw_scores(to / f"{name}.png", title, label, panels, line=BEST_SIMPLE)


QUESTION = Question(PLANS, tasks, facts, draw)
