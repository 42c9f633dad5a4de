"""`python -m benchmarks.speed [PAPER]`: time, tokens and dollars for 4 to 32 files."""

import sys
from pathlib import Path

from benchmarks.speed.measure import measure_all
from benchmarks.speed.sections import sections


def main() -> None:
    """Measure and print."""
    paper = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for section in sections(measure_all(paper)):
        print(section.render(), end="\n\n")


if __name__ == "__main__":
    main()
