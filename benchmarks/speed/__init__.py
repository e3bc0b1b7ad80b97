"""How fast is a fit? Ratios to a plain PyTorch loop, measured in turn.

Workloads from 5 steps of 3 channels to 120 steps of 14 and 500 tokens, and one of a million
sequences; the fixed cost of a fit, of a prediction and of the import; where the time of a fit goes;
a grid search, beside the same by a plain loop and by skorch; and how the cost grows with the data.
Every ratio is the median over rounds in which the competitors take turns, so that a slow minute of
the machine hits all of them. Other libraries take part if they are installed
(``pip install -e ".[bench-peers]"``); so does sklearn_rnn without its native kernels.
"""


def main(size: str) -> None:
    """Measure, and write the report."""
    # Imported here: a peer, or `memory`, needs the package but neither of these.
    from benchmarks.report.writer import folder
    from benchmarks.speed.measurements import measure
    from benchmarks.speed.report import write

    write(folder(size), measure(quick=size == "quick"))
