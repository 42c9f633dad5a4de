"""`python -m benchmarks.reading [FOLDER]`: scores every paper that has a PDF and its LaTeX source."""

import sys
from pathlib import Path

from benchmarks.reading.measure import folder_given, measure
from benchmarks.reading.section import section


def main() -> None:
    """Measure and print."""
    argument = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print(section(measure(folder_given(argument))).render())


if __name__ == "__main__":
    main()
