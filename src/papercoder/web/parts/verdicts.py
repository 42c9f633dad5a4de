"""The verdicts of the review: counted by file, kind and source, and listed page by page."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.report import Report
from papercoder.report.model import STATES, State, TracedRequirement
from papercoder.report.rendering import Links, environment, need, section
from papercoder.web.parts.tabs import address

_PAGE = 40
"""Requirements on a page of the list."""


@dataclass(frozen=True)
class Row:
    """A group of requirements, and how many are in each state."""

    label: str
    counts: dict[State, int]

    @property
    def total(self) -> int:
        """The number in all states."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Matrix:
    """A table of requirements grouped by one property."""

    title: str
    rows: tuple[Row, ...]


def coverage_html(report: Report, links: Links) -> Markup:
    """What was observed, the requirements in groups, and the gaps."""
    values = {
        "observed": section(report, "observed", links),
        "matrices": matrices(report.requirements),
        "states": [state for state in STATES if report.states[state]],
        "gaps": _gaps(report.requirements),
        "links": links,
    }
    template = environment("papercoder.web").get_template("coverage.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def matrices(needs: tuple[TracedRequirement, ...]) -> tuple[Matrix, ...]:
    """The requirements by file, by kind and by source."""
    return (
        _matrix("By file", needs, lambda item: item.owner or "no file"),
        _matrix("By kind", needs, lambda item: item.requirement.kind),
        _matrix("By source", needs, lambda item: item.requirement.status),
    )


def verdicts_html(run: str, report: Report, links: Links, query: Mapping[str, str]) -> Markup:
    """A page of requirements with their verdicts; the query may have `state` and `page` (from 1)."""
    state = query.get("state", "")
    items = [item for item in report.requirements if state in {"", item.state}]
    pages = max(1, -(-len(items) // _PAGE))
    page = min(max(_number(query.get("page", "")), 1), pages)
    shown = items[(page - 1) * _PAGE : page * _PAGE]
    values = {
        "report": report,
        "state": state,
        "needs": [need(item, links) for item in shown],
        "to_state": lambda name: address(run, "verdicts", state=name),
        "page": page,
        "pages": pages,
        "to_page": lambda number: address(run, "verdicts", state=state, page=number),
    }
    template = environment("papercoder.web").get_template("verdicts.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _matrix(title: str, needs: tuple[TracedRequirement, ...], of: Callable[[TracedRequirement], str]) -> Matrix:
    counts: dict[str, dict[State, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for item in needs:
        counts[of(item)][item.state] += 1
    return Matrix(title, tuple(Row(label, found) for label, found in sorted(counts.items())))


def _gaps(needs: tuple[TracedRequirement, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is missing, with the ids of the requirements concerned."""
    found = (
        ("without an owner file", [item for item in needs if not item.owner]),
        ("without a mark in the code", [item for item in needs if not item.marks]),
        (
            "quote not found in the paper",
            [item for item in needs if item.requirement.quote and not item.requirement.quote_found],
        ),
    )
    return tuple((gap, tuple(item.requirement.id for item in items)) for gap, items in found if items)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
