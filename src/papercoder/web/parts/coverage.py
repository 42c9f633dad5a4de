"""How far the requirements are covered: by kind, by where they come from, by file."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.report import Report
from papercoder.report.model import STATES, State, TracedRequirement
from papercoder.report.rendering import Links, environment, section


@dataclass(frozen=True)
class Row:
    """Requirements that have something in common, and how many are in each state."""

    label: str
    counts: dict[State, int]

    @property
    def total(self) -> int:
        """In all states."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Matrix:
    """Rows of one kind."""

    title: str
    rows: tuple[Row, ...]


def coverage_html(report: Report, links: Links) -> Markup:
    """What was observed at a glance, then the requirements in groups, and those that hang in the air."""
    values = {
        "observed": section(report, "observed", links),
        "matrices": matrices(report.requirements),
        "states": [state for state in STATES if report.states[state]],
        "loose": _loose(report.requirements),
        "links": links,
    }
    template = environment("papercoder.web").get_template("coverage.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def matrices(needs: tuple[TracedRequirement, ...]) -> tuple[Matrix, ...]:
    """The requirements by file, by kind and by where they come from."""
    return (
        _matrix("By file", needs, lambda item: item.owner or "no file"),
        _matrix("By kind", needs, lambda item: item.requirement.kind),
        _matrix("By source", needs, lambda item: item.requirement.status),
    )


def _matrix(title: str, needs: tuple[TracedRequirement, ...], of: Callable[[TracedRequirement], str]) -> Matrix:
    counts: dict[str, dict[State, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for item in needs:
        counts[of(item)][item.state] += 1
    return Matrix(title, tuple(Row(label, found) for label, found in sorted(counts.items())))


def _loose(needs: tuple[TracedRequirement, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is wrong -> the requirements of which it is."""
    found = (
        ("without an owner file", [item for item in needs if not item.owner]),
        ("without a mark in the code", [item for item in needs if not item.marks]),
        (
            "quote not found in the paper",
            [item for item in needs if item.requirement.quote and not item.requirement.quote_found],
        ),
    )
    return tuple((what, tuple(item.requirement.id for item in items)) for what, items in found if items)
