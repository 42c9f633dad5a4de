"""`python -m benchmarks.reading.kinds`: read every generated input, print the scores and the failed expectations."""

from benchmarks.reading.kinds.case import measure
from benchmarks.reading.kinds.cases import cases
from benchmarks.reading.kinds.section import section


def main() -> None:
    """Measure and print."""
    outcomes = measure(cases())
    print(section(outcomes).render())
    for one in outcomes:
        for failure in one.failed:
            print(f"- {one.case.kind}, {one.case.name}: {failure}")


if __name__ == "__main__":
    main()
