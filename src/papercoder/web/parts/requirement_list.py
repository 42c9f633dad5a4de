"""The list of requirements beside paper and code: filtered, page by page, the selected one in full."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from markupsafe import Markup

from papercoder.report.formatting import LABELS
from papercoder.report.model import STATES, TracedRequirement
from papercoder.report.rendering import environment

_PAGE = 60
"""Requirements on a page of the list."""

RequirementList = tuple[TracedRequirement, ...]


@dataclass(frozen=True)
class Filter:
    """Conditions for a requirement to be in the list; an empty one always holds."""

    kind: str = ""
    status: str = ""
    state: str = ""
    file: str = ""
    words: str = ""

    def matches(self, item: TracedRequirement) -> bool:
        """Do all conditions hold?"""
        requirement = item.requirement
        exact = ((self.kind, requirement.kind), (self.status, requirement.status), (self.state, item.state))
        return (
            all(wanted in {"", actual} for wanted, actual in exact)
            and (not self.file or self.file in _files(item))
            and all(word in _words(item) for word in self.words.lower().split())
        )


@dataclass(frozen=True)
class Menu:
    """A menu of the filter."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    """Values with their labels."""


FIELDS = frozenset(field.name for field in fields(Filter))


def menus(requirements: RequirementList) -> tuple[Menu, ...]:
    """The menus of the filter; they offer only values that occur."""
    states = {item.state for item in requirements}
    files = sorted({path for item in requirements for path in _files(item)})
    return (
        _menu("kind", "all kinds", (item.requirement.kind for item in requirements)),
        _menu("status", "all sources", (item.requirement.status for item in requirements)),
        Menu("state", "all verdicts", tuple((state, LABELS[state]) for state in STATES if state in states)),
        Menu("file", "all files", tuple((path, path) for path in files)),
    )


def list_html(requirements: RequirementList, selected: str, page: int, *, is_planned: bool) -> Markup:
    """A page (from 0) of these requirements, the selected one in full; `is_planned`: the run has any."""
    first = page * _PAGE
    values = {
        "items": requirements[first : first + _PAGE],
        "selected": selected,
        "is_planned": is_planned,
        "total": len(requirements),
        "first": first + 1,
        "last": min(first + _PAGE, len(requirements)),
        "page": page,
        "pages": -(-len(requirements) // _PAGE),
    }
    template = environment("papercoder.web").get_template("requirements.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def filter_html(requirements: RequirementList) -> Markup:
    """The fields of the filter."""
    template = environment("papercoder.web").get_template("filter.html")
    return Markup(template.render(menus=menus(requirements)))  # noqa: S704  the template escapes


def page_with(requirements: RequirementList, selected: str) -> int:
    """The page of the list with this requirement; the first if there is none."""
    return index_of(requirements, selected, default=0) // _PAGE


def index_of(requirements: RequirementList, selected: str, default: int = -1) -> int:
    """The position of a requirement in the list."""
    return next((index for index, item in enumerate(requirements) if item.requirement.id == selected), default)


def _menu(name: str, label: str, values: Iterable[str]) -> Menu:
    return Menu(name, label, tuple((value, value) for value in dict.fromkeys(values)))


def _files(item: TracedRequirement) -> set[str]:
    return {place.path for place in item.places} | ({item.owner} if item.owner else set())


def _words(item: TracedRequirement) -> str:
    requirement = item.requirement
    words = (requirement.id, requirement.statement, requirement.quote, requirement.anchor, *sorted(_files(item)))
    return " ".join(words).lower()
