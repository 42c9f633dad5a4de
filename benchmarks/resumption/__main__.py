"""`python -m benchmarks.resumption`: from a kill to new work."""

from benchmarks.resumption.measure import measure
from benchmarks.resumption.section import section


def main() -> None:
    """Measure and print."""
    print(section(measure()).render())


if __name__ == "__main__":
    main()
