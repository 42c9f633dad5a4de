"""The scores of all kinds, in words."""

from collections.abc import Sequence

from benchmarks.reading.kinds.case import Outcome
from benchmarks.results import Section, Table


def section(outcomes: Sequence[Outcome]) -> Section:
    """One row for each kind; cases that failed are named."""
    kinds = list(dict.fromkeys(one.case.kind for one in outcomes))
    failed = [one.case.name for one in outcomes if one.failed]
    meaning = (
        f"{len(outcomes)} small inputs of {len(kinds)} kinds are generated and read. The score is the share of "
        "expected texts, numbers and warnings that were found. "
        + (f"Not fully met: {', '.join(failed)}." if failed else "All expectations are met.")
    )
    return Section(
        title="Reading by kind",
        command="python -m benchmarks.reading.kinds",
        meaning=meaning,
        tables=(Table(("kind", "inputs", "fully met", "score in %"), [_row(kind, outcomes) for kind in kinds]),),
    )


def _row(kind: str, outcomes: Sequence[Outcome]) -> list[str]:
    own = [one for one in outcomes if one.case.kind == kind]
    score = sum(one.score for one in own) / len(own)
    return [kind, str(len(own)), str(sum(not one.failed for one in own)), f"{100 * score:.1f}"]
