"""Which planted defects were found, in words."""

from collections.abc import Sequence

from benchmarks.repair.faults import FAULTS
from benchmarks.repair.measure import Outcome, RepairResults
from benchmarks.results import Section, Table


def section(results: RepairResults) -> Section:
    """By group of defects; those that nothing found are named."""
    planted = [one for one in results.outcomes if one.seen is not None]
    static = [one for one in planted if one.fault.checks]
    found = {name: _found(planted, column) for column, name in enumerate(results.detectors)}
    before = _found(static, 0)
    counts = " and ".join(f"{name} finds {count}" for name, count in found.items())
    missed = sorted({one.fault.name for one in planted if not any(one.seen or ())})
    meaning = (
        f"{len(planted)} defects are planted into a repository, one at a time. Checking finds {before} of the "
        f"{len(static)} that can show before anything runs; of all {len(planted)}, {counts}. "
        + (f"Found by none: {', '.join(missed)}." if missed else "None is missed by all.")
    )
    heads = ("defects", "planted", *results.detectors)
    notes = [f"Planted into {results.repository}; kinds for which it has no place are left out."]
    if len(results.detectors) == 1:
        notes.append("Only checking was asked, which runs nothing; `--execute` runs each in the sandbox too.")
    return Section(
        title="Planted defects",
        command="python -m benchmarks.repair [REPOSITORY] [--seeds N] [--untyped] [--execute]",
        meaning=meaning,
        tables=(Table(heads, [_row(group, planted, results.detectors) for group in _groups()]),),
        notes=tuple(notes),
    )


def _groups() -> list[str]:
    return list(dict.fromkeys(fault.group for fault in FAULTS))


def _found(outcomes: Sequence[Outcome], column: int) -> int:
    return sum(one.seen[column] for one in outcomes if one.seen)


def _row(group: str, planted: Sequence[Outcome], detectors: Sequence[str]) -> list[str]:
    own = [one for one in planted if one.fault.group == group]
    return [group, str(len(own)), *(str(_found(own, column)) for column in range(len(detectors)))]


def kinds(results: RepairResults) -> Table:
    """Every kind of defect, for who looks for one."""
    rows = [
        [f"{fault.group}: {fault.name}", str(len(seen)), *(str(sum(column)) for column in zip(*seen, strict=True))]
        for fault in FAULTS
        if (seen := [one.seen for one in results.outcomes if one.fault is fault and one.seen is not None])
    ]
    return Table(("defect", "planted", *results.detectors), rows)
