"""`python -m benchmarks.startup`: how long it takes to start."""

from benchmarks.startup.measure import measure
from benchmarks.startup.section import section


def main() -> None:
    """Measure and print."""
    print(section(measure()).render())


if __name__ == "__main__":
    main()
