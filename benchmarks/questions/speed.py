"""Ratios of training and prediction to a plain PyTorch loop: report, picture, README's table.

Other libraries take part if they are installed (``pip install -e ".[bench-peers]"``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.question import Measurement
from benchmarks.report.pictures import Scores, draw_scores
from benchmarks.report.writer import RESULTS, render
from benchmarks.speed import measurements
from benchmarks.speed.beside_mlp import MLP, MLP_MEASURES, SIZES, beside_mlp
from benchmarks.speed.first_fit import FIRST_FITS
from benchmarks.speed.members import BOUND, FIVE, MEMBERS, SINGLE, TARGETS
from benchmarks.speed.options import NETS, TRAIN, options
from benchmarks.speed.options import PREDICT as PREDICT_OPTION
from benchmarks.speed.peers import BARE, OURS, PEERS, PLAIN, WRITTEN_OUT
from benchmarks.speed.timing import FIT, IMPORT, PREDICT, RATIOS, SEARCH, SHARE, Row
from benchmarks.speed.workloads import WORKLOADS, Workload

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
TARGETED = [(of, measure) for of in (OURS, PLAIN) for measure in RATIOS]  # as targets are ordered
MOST_MS = 1.5  # that a fit of one batch may take more than the loop
SHOWN = {  # in the picture, by these names
    OURS: "sklearn_rnn",
    WRITTEN_OUT: "sklearn_rnn on copied windows",
    PLAIN: "sklearn_rnn without its compiled kernels",
    **{name: name for name in ("skorch", *PEERS)},
}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table of all figures, and the versions of the peers."""
    table = rounded(measurements.measure(quick=size == "quick"))
    peers = "; ".join(f"{name}: {it.versions() or 'not installed'}" for name, it in PEERS.items())
    return table, {"peers": peers}


def rounded(rows: list[Row]) -> pd.DataFrame:
    """Return a table of rows, its figures as they are kept."""
    table = pd.DataFrame(rows)
    names = table.columns[3:]
    table[names] = table[names].map("{:.4g}".format).replace("nan", "")
    return table


def measure_options(size: str) -> pd.DataFrame:
    """Return the rows of networks with an option alone, and of dense ones beside MLPRegressor."""
    quick = size == "quick"
    rounds = 2 if quick else 5
    return rounded(options(rounds, quick=quick) + beside_mlp(rounds, quick=quick))


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return figures by measure, workload and competitor, and what follows from them."""
    keys = ["measure", "workload", "competitor"]
    found = table.fillna({"workload": ""}).set_index(keys)

    def pair(workload: str, competitor: str, column: str = "ratio") -> str:
        of = [(measure, workload, competitor) for measure in RATIOS]
        return " / ".join(short(found[column][key]) for key in of if key in found.index)

    part = table[table["competitor"] == "Keras on JAX"].query("measure == 'train'")
    parts = table[table["measure"] == SHARE].groupby("workload", sort=False)
    return {
        **{"of": found, "pair": pair, "workloads": WORKLOADS, "names": measured(table)},
        **{"bare": BARE, "ours": OURS, "plain": PLAIN, "written_out": WRITTEN_OUT},
        **{"others": ["skorch", *PEERS], "fit": FIT, "search": SEARCH, "most": MOST_MS},
        **{"fixed": (FIT, PREDICT, IMPORT), "late": missed(table)},
        "first_fits": [name for name in FIRST_FITS if name in found.index],
        "growths": [name for name in table["measure"].unique() if name.startswith("growth")],
        "rounds": table.loc[table["measure"] == "train", "rounds"].max(),
        "compiling": (part["warm_up_seconds"] - part["seconds"]).tolist(),
        "shares": {name: of.set_index("competitor") for name, of in parts},
        "seconds": table.set_index(["measure", "competitor"])["seconds"].to_dict(),
        **{
            "options": by_target(
                found, (TRAIN, PREDICT_OPTION), {n: it.targets for n, it in NETS.items()}
            )
        },
        **{"sizes": by_target(found, MLP_MEASURES, {n: it[-1] for n, it in SIZES.items()})},
        **{"mlp": MLP, "n_missed": n_missed},
        "together": together(found.loc[MEMBERS] if MEMBERS in found.index else None),
    }


def by_target(
    found: pd.DataFrame, measures: Sequence[str], targets: Mapping[str, Sequence[float]]
) -> dict[str, list[Any]]:
    """Return our rows of each name with their targets; none of results of an earlier version."""
    return {
        name: [(found.loc[key], target) for key, target in zip(keys, of, strict=True)]
        for name, of in targets.items()
        if (keys := [(measure, name, OURS) for measure in measures])[0] in found.index
    }


def n_missed(rows: Mapping[str, Sequence[Any]]) -> int:
    """Return how many of the rows of `by_target` miss their target."""
    return sum(row.ratio > target for of in rows.values() for row, target in of)


def together(found: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return what five members take of the seconds of a single fit, by workload."""
    if found is None:  # results of an earlier version
        return []
    return [
        {
            **{"name": name, "target": target, "seconds": found["seconds"][name, SINGLE]},
            **{"ratio": found["ratio"][name, FIVE], "bound": found["ratio"][name, BOUND]},
        }
        for name, target in TARGETS.items()
    ]


def between_marks(text: str, table: pd.DataFrame) -> str:
    """Return a text with ratios and conclusion between the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there are no marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{render('speed_ratios', facts(table, {}))}\n{END}{after}"


def measured(table: pd.DataFrame) -> list[str]:
    """Return the workloads in which competitors were compared."""
    names = set(table.loc[table["measure"].isin(RATIOS), "workload"])
    return [name for name in WORKLOADS if name in names]


def missed(table: pd.DataFrame) -> tuple[list[str], int]:
    """Return which targets are missed, and of how many."""
    found = table.set_index(["measure", "workload", "competitor"])["ratio"].to_dict()
    checks = [
        (f"{measure} {name}{competitor.removeprefix(OURS)}", ratio, target)
        for name, workload in WORKLOADS.items()
        for (competitor, measure), target in zip(TARGETED, workload.targets, strict=False)
        if (ratio := found.get((measure, name, competitor))) is not None
    ]
    late = [f"{what} ({short(r)}, target {most:g})" for what, r, most in checks if r > most]
    return late, len(checks)


def short(number: float) -> str:
    """Return a positive number with about two digits."""
    decimals = int(np.clip(1 - np.floor(np.log10(number)), 0, 4))
    return f"{number:.{decimals}f}"


def draw(to: Path, table: pd.DataFrame, kept: Any) -> None:
    """Draw the ratios of training and prediction, workloads downwards; write the README's table."""
    rows = {name: label(WORKLOADS[name]) for name in measured(table)}
    panels: dict[str, list[Scores]] = {}
    for measure, title in zip(RATIOS, ("Training", "Prediction"), strict=True):
        ratios = table[table["measure"] == measure].set_index(["workload", "competitor"])["ratio"]
        panels[title] = []
        for competitor, told in SHOWN.items():
            of = {name: ratios.get((name, competitor)) for name in rows}
            panels[title] += [Scores(rows[name], told, [r]) for name, r in of.items() if r]
    ours = table[(table["measure"] == "train") & (table["competitor"] == OURS)]["ratio"]
    times = f"{1 / ours.max():.1f} to {1 / ours.min():.0f} times"
    title = f"sklearn_rnn trains {times} as fast as a plain PyTorch loop on a CPU"
    axis = "seconds relative to a plain PyTorch loop (line; left of it: faster)"
    draw_scores(to / "speed.png", title, axis, panels, line=1.0, height=0.6)
    if to == RESULTS:
        text = between_marks(README.read_text(encoding="utf-8"), table)
        README.write_text(text, encoding="utf-8")


def label(workload: Workload) -> str:
    is_text = workload.kind == "tokens"
    channels = "tokens" if is_text else f"steps of {workload.n_channels} channels"
    kind = "windows of one series" if workload.of_series else "sequences"
    total = workload.out_of or workload.n_samples
    return f"{workload.network}: {total:,} {kind}\nof {workload.n_steps} {channels}"


QUESTION = Measurement(measure, facts, draw, {"options": measure_options})
