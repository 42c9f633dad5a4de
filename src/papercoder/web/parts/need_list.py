"""The list of requirements beside paper and code: filtered, a page at a time, the chosen one in full."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from markupsafe import Markup

from papercoder.report.formatting import LABELS
from papercoder.report.model import STATES, TracedRequirement
from papercoder.report.rendering import environment

_AT_ONCE = 60
"""Requirements on a page of the list."""

Needs = tuple[TracedRequirement, ...]


@dataclass(frozen=True)
class Filter:
    """What is asked of a requirement to be in the list; empty: nothing."""

    kind: str = ""
    status: str = ""
    state: str = ""
    file: str = ""
    words: str = ""

    def fits(self, item: TracedRequirement) -> bool:
        """Is it all that?"""
        need = item.requirement
        exact = ((self.kind, need.kind), (self.status, need.status), (self.state, item.state))
        return (
            all(wanted in {"", own} for wanted, own in exact)
            and (not self.file or self.file in _files(item))
            and all(word in _words(item) for word in self.words.lower().split())
        )


@dataclass(frozen=True)
class Choice:
    """A field of the filter with what can be chosen."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    """Value and words, the first for nothing asked."""


FIELDS = frozenset(field.name for field in fields(Filter))


def choices(needs: Needs) -> tuple[Choice, ...]:
    """What the filter offers: no more than there is."""
    states = {item.state for item in needs}
    files = sorted({path for item in needs for path in _files(item)})
    return (
        _choice("kind", "all kinds", (item.requirement.kind for item in needs)),
        _choice("status", "all sources", (item.requirement.status for item in needs)),
        Choice("state", "all verdicts", tuple((state, LABELS[state]) for state in STATES if state in states)),
        Choice("file", "all files", tuple((path, path) for path in files)),
    )


def list_html(needs: Needs, chosen: str, page: int, *, is_planned: bool) -> Markup:
    """A page of these requirements, counted from 0, the chosen one in full; `is_planned`: the run has some at all."""
    first = page * _AT_ONCE
    values = {
        "items": needs[first : first + _AT_ONCE],
        "chosen": chosen,
        "is_planned": is_planned,
        "total": len(needs),
        "first": first + 1,
        "last": min(first + _AT_ONCE, len(needs)),
        "page": page,
        "pages": -(-len(needs) // _AT_ONCE),
    }
    template = environment("papercoder.web").get_template("needs.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def filter_html(needs: Needs) -> Markup:
    """The fields of the filter."""
    template = environment("papercoder.web").get_template("filter.html")
    return Markup(template.render(choices=choices(needs)))  # noqa: S704  the template escapes


def page_with(needs: Needs, chosen: str) -> int:
    """The page of the list that has this requirement; the first where none has."""
    return index_of(needs, chosen, default=0) // _AT_ONCE


def index_of(needs: Needs, chosen: str, default: int = -1) -> int:
    """Its place in the list."""
    return next((index for index, item in enumerate(needs) if item.requirement.id == chosen), default)


def _choice(name: str, label: str, values: Iterable[str]) -> Choice:
    return Choice(name, label, tuple((value, value) for value in dict.fromkeys(values)))


def _files(item: TracedRequirement) -> set[str]:
    return {place.path for place in item.places} | ({item.owner} if item.owner else set())


def _words(item: TracedRequirement) -> str:
    need = item.requirement
    return f"{need.id} {need.statement} {need.quote} {need.anchor} {' '.join(sorted(_files(item)))}".lower()
