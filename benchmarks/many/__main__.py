"""`python -m benchmarks.many [PAPERS] [--files N] [--speed X] [--no-ray]`: many papers at once."""

import argparse

from benchmarks.many.measure import FILES, PAPERS, SPEED, measure
from benchmarks.many.section import section


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=int, default=PAPERS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--speed", type=float, default=SPEED)
    parser.add_argument("--no-ray", action="store_true")
    given = parser.parse_args()
    print(section(measure(given.papers, given.files, given.speed, with_ray=not given.no_ray)).render())


if __name__ == "__main__":
    main()
