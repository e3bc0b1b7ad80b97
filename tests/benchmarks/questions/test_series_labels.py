"""Labels of series by networks at their defaults: what is counted, and a run without files."""

import pandas as pd
import pytest

pytest.importorskip("matplotlib")

from benchmarks import __main__ as command
from benchmarks.questions import series_labels


def test_sets_are_counted_on_which_the_mean_of_a_net_is_below_the_linear_model():
    accuracies = {
        ("a", series_labels.LINEAR): [0.8],
        ("a", "GRU"): [0.7, 0.9],  # in the mean as good
        ("a", "LSTM"): [0.7, 0.8],
        ("b", series_labels.LINEAR): [0.5],
        ("b", "GRU"): [0.6, 0.6],
        ("b", "LSTM"): [0.1, 0.2],
    }
    rows = [
        [name, 40, 24, model, seed, accuracy]
        for (name, model), of in accuracies.items()
        for seed, accuracy in enumerate(of)
    ]
    header = ["set", "samples", "steps", "model", "seed", "accuracy"]
    facts = series_labels.facts(pd.DataFrame(rows, columns=header), {})
    assert facts["below"] == {"GRU": 0, "LSTM": 2}
    assert "a: 40 x 24" in facts["rows"]


def test_a_quick_run_without_files_says_so(elsewhere, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SKLEARN_RNN_DATA", str(tmp_path))
    command.main(["series_labels", "--quick"])
    assert "Nothing was run: there are no files of ItalyPowerDemand, " in capsys.readouterr().out
    assert not list(elsewhere.glob("*/*"))
