"""`python -m benchmarks.overhead [PAPER]`: overhead of our own code per call."""

import sys
from pathlib import Path

from benchmarks.overhead.measure import measure
from benchmarks.overhead.section import section


def main() -> None:
    """Measure and print."""
    print(section(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None)).render())


if __name__ == "__main__":
    main()
