"""`python -m benchmarks.speed [PAPER]`: time, tokens and dollars for 4 to 32 files.

`python -m benchmarks.speed PAPER --recorded LAYERED PARALLEL`: modelled time of recordings, one for each order.
"""

import argparse
from pathlib import Path

from benchmarks.machine import example
from benchmarks.speed.measure import measure_all, replay_both
from benchmarks.speed.sections import replayed_table, sections


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paper", nargs="?", type=Path)
    parser.add_argument("--recorded", nargs=2, type=Path, metavar=("LAYERED", "PARALLEL"))
    given = parser.parse_args()
    if given.recorded:
        print(replayed_table(replay_both(given.recorded[0], given.recorded[1], given.paper or example())).render())
        return
    for section in sections(measure_all(given.paper)):
        print(section.render(), end="\n\n")


if __name__ == "__main__":
    main()
