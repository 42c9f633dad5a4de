"""`python -m benchmarks.repair [REPOSITORY] [--seeds N] [--execute]`: plants defects, counts what is found."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.repair.faults import FAULTS
from benchmarks.repair.measure import CheckDetector, Detector, ExecutionDetector, Outcome, measure
from benchmarks.repair.sources import Sources, without_annotations

SAMPLE = Path(__file__).parents[2] / "tests" / "data" / "good_repository"
CONSOLE = Console(width=120)


def _table(outcomes: list[Outcome], names: Iterable[str]) -> Table:
    table = Table("group", "defect", "planted", *names, title="Defects found")
    for fault in FAULTS:
        seen = [one.seen for one in outcomes if one.fault is fault and one.seen is not None]
        table.add_row(
            fault.group, fault.name, str(len(seen)), *(str(sum(column)) for column in zip(*seen, strict=True))
        )
    return table


def _as_it_is(sources: Sources) -> Sources:
    return sources


def _total(outcomes: list[Outcome], column: int) -> str:
    planted = [one for one in outcomes if one.seen]
    static = [one for one in planted if one.fault.checks]
    return (
        f"{sum(one.seen[column] for one in static if one.seen)} of {len(static)} that can show before anything runs, "
        f"{sum(one.seen[column] for one in planted if one.seen)} of all {len(planted)}"
    )


def main() -> None:
    """Print a row for each kind of defect, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--untyped", action="store_true", help="take the annotations off the repository's functions first"
    )
    parser.add_argument("--execute", action="store_true", help="run each in the sandbox too; takes long")
    given = parser.parse_args()
    prepare = without_annotations if given.untyped else _as_it_is
    detectors: dict[str, Detector] = {"check": CheckDetector.of(given.repository)}
    if given.execute:
        detectors["execution"] = ExecutionDetector()
    outcomes = list(measure(given.repository, FAULTS, range(given.seeds), tuple(detectors.values()), prepare))
    CONSOLE.print(_table(outcomes, detectors))
    for column, name in enumerate(detectors):
        CONSOLE.print(f"{name}: {_total(outcomes, column)}")
    planted = [one.seen for one in outcomes if one.seen]
    CONSOLE.print(f"by any of them: {sum(map(any, planted))} of {len(planted)}")


if __name__ == "__main__":
    main()
