"""`python -m benchmarks [FOLDER]`: measure everything and write RESULTS.md; FOLDER holds further papers to read."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import benchmarks.many.measure
import benchmarks.many.section
import benchmarks.overhead.measure
import benchmarks.overhead.section
import benchmarks.reading.measure
import benchmarks.reading.section
import benchmarks.repair.measure
import benchmarks.repair.section
import benchmarks.resumption.measure
import benchmarks.resumption.section
import benchmarks.speed.measure
import benchmarks.speed.sections
import benchmarks.startup.measure
import benchmarks.startup.section
from benchmarks.machine import this_machine
from benchmarks.results import Section, write_results

BUNDLED = Path(__file__).parents[1] / "examples" / "kiln" / "repository"
"""The repository into which defects are planted."""


def sections(papers: Path | None) -> Iterator[Section]:
    """One benchmark after the other, so that each has the machine to itself."""
    yield from benchmarks.speed.sections.sections(benchmarks.speed.measure.measure_all())
    yield benchmarks.overhead.section.section(benchmarks.overhead.measure.measure())
    yield benchmarks.many.section.section(benchmarks.many.measure.measure())
    yield benchmarks.resumption.section.section(benchmarks.resumption.measure.measure())
    yield benchmarks.startup.section.section(benchmarks.startup.measure.measure())
    yield benchmarks.reading.section.section(benchmarks.reading.measure.measure(papers))
    yield benchmarks.repair.section.section(benchmarks.repair.measure.plant_all(BUNDLED))


def main() -> None:
    """Print each section as it is measured; write all of them at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="further papers for the reading benchmark")
    given = parser.parse_args()
    machine = this_machine()
    found = []
    for section in sections(benchmarks.reading.measure.folder_given(given.folder)):
        print(section.render(), end="\n\n", flush=True)
        found.append(section)
    print(f"written: {write_results(found, machine, datetime.now(UTC).date())}")


if __name__ == "__main__":
    main()
