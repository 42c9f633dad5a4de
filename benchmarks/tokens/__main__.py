"""`python -m benchmarks.tokens`: tokens by agent, on the recorded answers of the example."""

from benchmarks.tokens.measure import measure
from benchmarks.tokens.section import section


def main() -> None:
    """Measure and print."""
    print(section(measure()).render())


if __name__ == "__main__":
    main()
