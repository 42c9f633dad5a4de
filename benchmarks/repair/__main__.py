"""`python -m benchmarks.repair [REPOSITORY] [--seeds N] [--execute]`: plants defects and counts those found."""

import argparse
from pathlib import Path

from benchmarks.repair.measure import SAMPLE, plant_all
from benchmarks.repair.section import kinds, section


def main() -> None:
    """Print a row for each kind of defect, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--untyped", action="store_true", help="take the annotations off the repository's functions first"
    )
    parser.add_argument("--execute", action="store_true", help="run each in the sandbox too; takes long")
    given = parser.parse_args()
    results = plant_all(given.repository, given.seeds, untyped=given.untyped, execute=given.execute)
    print(kinds(results).render(), section(results).render(), sep="\n\n")


if __name__ == "__main__":
    main()
