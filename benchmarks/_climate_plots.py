"""Pictures of forecasts of several monthly series at a station."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from numpy.typing import NDArray

from benchmarks._plots import COLOURS, NET, SIMPLE, plt

SHOWN = 96  # months
Forecasts = Mapping[str, NDArray[np.float64]]


def draw_forecasts(path: Path, station: str, observed: pd.DataFrame, forecasts: Forecasts) -> None:
    """Draw each variable over the last months, observed, by a simple model and by a net.

    Parameters
    ----------
    path : Path
        The file to write.
    station : str
        Its name.
    observed : DataFrame
        A column for each variable.
    forecasts : mapping of str to array
        By model, the simple one first, columns as those of `observed`.
    """
    names = list(observed.columns)
    figure, axes = plt.subplots(
        len(names), 1, figsize=(10, 1.9 * len(names)), sharex=True, layout="constrained"
    )
    months = observed.index[-SHOWN:]
    for k, (ax, name) in enumerate(zip(axes, names, strict=True)):
        ax.plot(months, observed[name][-SHOWN:], "k.-", lw=0.8, ms=4, label="observed")
        for (model, forecast), colour in zip(forecasts.items(), COLOURS.values(), strict=True):
            ax.plot(months, forecast[-SHOWN:, k], color=colour, lw=1.3, label=model)
        ax.set_ylabel(name.replace("_", " "))
        ax.spines[["top", "right"]].set_visible(False)
    locator = AutoDateLocator(minticks=4, maxticks=9)
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(f"{station}: a month ahead")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def draw_scatter(
    path: Path, station: str, observed: pd.DataFrame, forecasts: Forecasts, nets: Container[str]
) -> None:
    """Draw forecast against observed: variables downwards, models to the right.

    The arguments are those of `draw_forecasts`, with any models, and which of them are nets.
    """
    names = list(observed.columns)
    figure, axes = plt.subplots(
        len(names),
        len(forecasts),
        figsize=(1.45 * len(forecasts), 1.5 * len(names)),
        sharex="row",
        sharey="row",
        layout="constrained",
    )
    for row, name in enumerate(names):
        for ax, (model, forecast) in zip(axes[row], forecasts.items(), strict=True):
            colour = COLOURS[NET if model in nets else SIMPLE]
            ax.plot(observed[name], forecast[:, row], ".", color=colour, ms=2.5, alpha=0.6)
            ends = [observed[name].min(), observed[name].max()]
            ax.plot(ends, ends, color="0.3", lw=0.8)
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(labelsize=7)
            if row == 0:
                ax.set_title(model, fontsize=7.5)
        axes[row, 0].set_ylabel(name.replace("_", " "), fontsize=8)
    figure.supxlabel("observed", fontsize=9)
    figure.supylabel("forecast, the mean over seeds", fontsize=9)
    figure.suptitle(f"{station}: a month ahead", fontsize=11)
    figure.savefig(path, dpi=100)
    plt.close(figure)
