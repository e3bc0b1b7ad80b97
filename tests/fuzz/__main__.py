"""Draw cases: `python -m tests.fuzz 2000`; one of them again: `python -m tests.fuzz --case 17`."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

from joblib import Parallel, delayed

from tests.fuzz.cases import Result, cells, run_case
from tests.fuzz.report import PATH, text_of, write

BLOCK = 50


def run_block(indices: range) -> list[Result]:
    """Run cases, in one process."""
    return [run_case(index) for index in indices]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("n", type=int, nargs="?", default=len(cells()), help="number of cases")
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="number of processes")
    parser.add_argument("--case", type=int, help="run this case alone, and show where it fails")
    args = parser.parse_args()
    if args.case is not None:
        print(run_case(args.case, reraise=True))
        return
    indices = range(args.start, args.start + args.n)
    blocks = [indices[i : i + BLOCK] for i in range(0, len(indices), BLOCK)]
    results: list[Result] = []
    for done in Parallel(args.jobs, return_as="generator")(map(delayed(run_block), blocks)):
        results += done
        for result in done:
            if result.outcome == "surprise":
                print(f"case {result.index}, {result.cell}: {result.told}", flush=True)
    print(dict(Counter(result.outcome for result in results)), f"in {len(cells())} cells")
    if any(result.outcome == "surprise" for result in results):
        sys.exit("There are surprises: python -m tests.fuzz --case NUMBER shows one.")
    try:
        write(text_of(results))
        print(f"{PATH} has the table.")
    except ValueError as error:
        print(f"No table is written: {error}")


if __name__ == "__main__":
    main()
