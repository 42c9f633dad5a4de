"""`python -m benchmarks [FOLDER]`: run all benchmarks and write RESULTS.md; FOLDER has more papers to read."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import this_machine
from benchmarks.many.claims import measure as decide_claims
from benchmarks.many.claims import section as of_claims
from benchmarks.many.measure import measure as take_many
from benchmarks.many.section import section as of_many
from benchmarks.overhead.measure import measure as clock
from benchmarks.overhead.section import section as of_overhead
from benchmarks.reading.kinds.case import measure as read_kinds
from benchmarks.reading.kinds.cases import cases
from benchmarks.reading.kinds.section import section as of_kinds
from benchmarks.reading.measure import folder_given
from benchmarks.reading.measure import measure as read
from benchmarks.reading.section import section as of_reading
from benchmarks.repair.measure import plant_all
from benchmarks.repair.section import section as of_repair
from benchmarks.reproduction.measure import measure as reproduce
from benchmarks.reproduction.section import section as of_reproduction
from benchmarks.results import Section, write_results
from benchmarks.resumption.measure import measure as kill
from benchmarks.resumption.section import section as of_resumption
from benchmarks.speed.measure import measure_all as run
from benchmarks.speed.sections import sections as of_speed
from benchmarks.startup.measure import measure as start
from benchmarks.startup.section import section as of_startup
from benchmarks.tokens.measure import measure as replay
from benchmarks.tokens.section import section as of_tokens

BUNDLED = Path(__file__).parents[1] / "examples" / "kiln" / "repository"
"""The repository with planted defects."""


def sections(papers: Path | None) -> Iterator[Section]:
    """Run the benchmarks one after the other, so that each has the whole machine."""
    yield from of_speed(run())
    yield of_tokens(replay())
    yield of_overhead(clock())
    yield of_many(take_many())
    yield of_claims(decide_claims())
    yield of_resumption(kill())
    yield of_reproduction(reproduce())
    yield of_startup(start())
    yield of_reading(read(papers))
    yield of_kinds(read_kinds(cases()))
    yield of_repair(plant_all(BUNDLED))


def main() -> None:
    """Print each section when it is measured, and write RESULTS.md at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="further papers for the reading benchmark")
    given = parser.parse_args()
    machine = this_machine()
    found = []
    for section in sections(folder_given(given.folder)):
        print(section.render(), end="\n\n", flush=True)
        found.append(section)
    print(f"written: {write_results(found, machine, datetime.now(UTC).date())}")


if __name__ == "__main__":
    main()
