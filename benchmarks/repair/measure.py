"""Plants each defect in its own copy of the repository and runs the checks."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Protocol

from benchmarks.repair.faults import FAULTS, Fault
from benchmarks.repair.sources import Edit, Sources, read_sources, without_annotations, write_sources
from papercoder.artifacts.coding import Finding
from papercoder.operations.repair import execute_repository
from papercoder.stages.checking import check

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "good_repository"


@dataclass(frozen=True)
class Planted:
    """A defect in a copy of the repository."""

    fault: Fault
    edit: Edit
    copy: Path


class Detector(Protocol):
    """What may see a defect."""

    def sees(self, planted: Planted) -> bool:
        """Does it see this defect, where it was planted and as what it is?"""


@dataclass(frozen=True)
class CheckDetector:
    """The checks: a new finding of a fitting check in a fitting file."""

    clean: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, repository: Path) -> "CheckDetector":
        """Knows what the checks find in the repository as it is."""
        return cls(frozenset(map(_same, check(repository).findings)))

    def sees(self, planted: Planted) -> bool:
        """Nothing is run."""
        places = {planted.edit.path, *planted.edit.shows_in}
        new = (finding for finding in check(planted.copy).findings if _same(finding) not in self.clean)
        return any(finding.check in planted.fault.checks and finding.path in places for finding in new)


class ExecutionDetector:
    """The ladder up to the smoke run: a step that was asked for and is not seen."""

    def sees(self, planted: Planted) -> bool:
        """The repository is run in a sandbox, from the first step to the one that fails."""
        return bool(asyncio.run(execute_repository(planted.copy, "auto")).unseen)


def _same(finding: Finding) -> tuple[str, str, str]:
    """A finding but for its line, which moves."""
    return finding.check, finding.path, finding.message


@dataclass(frozen=True)
class Outcome:
    """One defect, and which detectors saw it."""

    fault: Fault
    seed: int
    seen: tuple[bool, ...] | None
    """None where the repository has no place for such a defect."""


def measure(
    repository: Path,
    faults: tuple[Fault, ...],
    seeds: range,
    detectors: tuple[Detector, ...],
    prepare: Callable[[Sources], Sources],
) -> Iterator[Outcome]:
    """Every fault, once for each seed, in the repository as it is after `prepare`; on all cores."""

    def outcome(fault: Fault, seed: int) -> Outcome:
        sources = prepare(read_sources(repository, seed))
        edit = fault.plant(sources)
        if edit is None or edit.text == sources.files.get(edit.path, ""):
            return Outcome(fault, seed, None)
        with tempfile.TemporaryDirectory(prefix="papercoder-repair-") as folder:
            copy = Path(folder) / repository.resolve().name
            write_sources(copy, sources, edit)
            planted = Planted(fault, edit, copy)
            return Outcome(fault, seed, tuple(detector.sees(planted) for detector in detectors))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(outcome, *zip(*product(faults, seeds), strict=True))


@dataclass(frozen=True)
class RepairResults:
    """What became of all defects."""

    repository: str
    detectors: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def plant_all(repository: Path, seeds: int = 1, *, untyped: bool = False, execute: bool = False) -> RepairResults:
    """Every kind of defect; found by checking, and by execution where that is asked for."""
    detectors: dict[str, Detector] = {"checking": CheckDetector.of(repository)}
    if execute:
        detectors["execution"] = ExecutionDetector()
    prepare = without_annotations if untyped else _as_it_is
    outcomes = measure(repository, FAULTS, range(seeds), tuple(detectors.values()), prepare)
    return RepairResults(_shown(repository.resolve()), tuple(detectors), tuple(outcomes))


def _shown(repository: Path) -> str:
    """Its path below this repository; of another one, the name alone."""
    return repository.relative_to(ROOT).as_posix() if repository.is_relative_to(ROOT) else repository.name


def _as_it_is(sources: Sources) -> Sources:
    return sources
