"""How far a picture's axis goes, and that what lies beyond is told."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from benchmarks.report import pictures
from benchmarks.report.pictures import Scores, draw_scores, limits


def scores_of(*means):
    return [Scores(f"model {k}", "net", [mean - 0.01, mean + 0.01]) for k, mean in enumerate(means)]


def test_an_axis_holds_all_rows_that_are_near_one_another():
    assert limits(scores_of(0.4, 0.5, 0.6)) == pytest.approx((0.39, 0.61))


@pytest.mark.parametrize("far", [-3.0, 9.0])
def test_a_row_that_is_far_from_the_others_does_not_press_them_together(far):
    low, high = limits(scores_of(0.4, 0.5, 0.6, far))
    assert (low, high) == pytest.approx((0.39, 0.61))


def test_half_of_the_rows_are_not_far_from_the_others():
    assert limits(scores_of(0.0, 0.0, 9.0, 9.0)) == pytest.approx((-0.01, 9.01))


def test_what_lies_beyond_the_axis_stands_at_its_edge_with_its_figure(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "save", lambda figure, *args: drawn.append(figure))
    panels = {"all": scores_of(0.4, 0.5, 0.6, -3.0, 9.0, 0.45, 0.55)}
    draw_scores(tmp_path / "p.png", "title", "score", panels, line="model 0")
    (ax,) = drawn[0].axes
    assert [text.get_text() for text in ax.texts] == ["\N{MINUS SIGN}3", "9"]
    edges = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in ("<", ">")]
    assert np.allclose(edges, [0.39, 0.61])
    assert ax.get_xlim()[0] > 0.3
    pictures.plt.close(drawn[0])


def test_figures_of_several_series_at_the_edge_do_not_overlap(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "save", lambda figure, *args: drawn.append(figure))
    rows = scores_of(*np.linspace(0.4, 0.6, 20), 9.0)
    rows += [Scores("model 20", series, [9.0]) for series in ("other", "published")]
    draw_scores(tmp_path / "p.png", "title", "score", {"all": rows}, line="model 0", height=0.3)
    drawn[0].draw_without_rendering()
    texts = sorted((t.get_window_extent() for t in drawn[0].axes[0].texts), key=lambda t: t.y0)
    assert len(texts) == 3
    assert not any(below.overlaps(above) for below, above in pairwise(texts))
    pictures.plt.close(drawn[0])


def test_the_line_that_all_are_held_against_is_never_beyond_the_axis(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "save", lambda figure, *args: drawn.append(figure))
    panels = {"all": scores_of(3.0, 0.4, 0.5, 0.6, 0.45, 0.55)}
    draw_scores(tmp_path / "p.png", "title", "score", panels, line="model 0")
    (ax,) = drawn[0].axes
    assert ax.get_xlim()[1] > 3.0
    assert not ax.texts
    pictures.plt.close(drawn[0])


def test_a_gain_that_is_far_from_the_others_is_an_arrow_with_its_figure(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "save", lambda figure, *args: drawn.append(figure))
    gains = [pictures.Gain(f"{v}", v, v - 2, v + 2, "all") for v in (-60.0, 1.0, -3.0, 2.0)]
    pictures.draw_gains(
        tmp_path / "p.png", "title", ["gain"], {"": gains}, {"all": "C0"}, form=".0f"
    )
    (ax,) = drawn[0].axes
    assert ax.get_xlim()[0] > -10
    assert "\N{MINUS SIGN}60" in [text.get_text() for text in ax.texts]
    pictures.plt.close(drawn[0])
