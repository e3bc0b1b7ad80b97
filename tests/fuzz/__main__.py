"""Draw cases: `python -m tests.fuzz 2000`; one of them again: `python -m tests.fuzz --case 17`.

With `--package FOLDER` another version of the package is called, in which the known causes of
errors are looked for.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

from joblib import Parallel, delayed

BLOCK = 50


def run_block(indices: range) -> list:
    """Run cases, in one process."""
    from tests.fuzz.cases import run_case

    return [run_case(index) for index in indices]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("n", type=int, nargs="?", help="number of cases; by default one a cell")
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="number of processes")
    parser.add_argument("--case", type=int, help="run this case alone, and show where it fails")
    parser.add_argument("--package", help="the folder of another version of the package")
    args = parser.parse_args()
    if args.package:
        sys.path.insert(0, args.package)
    from tests.fuzz import causes, report
    from tests.fuzz.cases import cells, run_case

    if args.case is not None:
        print(run_case(args.case, reraise=True))
        return
    indices = range(args.start, args.start + (args.n or len(cells())))
    blocks = [indices[i : i + BLOCK] for i in range(0, len(indices), BLOCK)]
    results = []
    for done in Parallel(args.jobs, return_as="generator")(map(delayed(run_block), blocks)):
        results += done
        for result in done:
            if result.outcome == "surprise" and not args.package:
                print(f"case {result.index}, {result.cell}: {result.told}", flush=True)
    print(dict(Counter(result.outcome for result in results)), f"in {len(cells())} cells")
    if not args.package and any(result.outcome == "surprise" for result in results):
        sys.exit("There are surprises: python -m tests.fuzz --case NUMBER shows one.")
    section = causes if args.package else report
    try:
        report.write(section.text_of(results), section.MARK)
        print(f"{report.PATH} has the table.")
    except ValueError as error:
        print(f"No table is written: {error}")


if __name__ == "__main__":
    main()
