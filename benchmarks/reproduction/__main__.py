"""`python -m benchmarks.reproduction`: overhead of trials, use of the budget, claims decided against time."""

from benchmarks.reproduction.measure import measure
from benchmarks.reproduction.section import section


def main() -> None:
    """Measure and print."""
    print(section(measure()).render())


if __name__ == "__main__":
    main()
