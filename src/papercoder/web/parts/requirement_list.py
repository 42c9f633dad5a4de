"""The list of requirements beside paper and code: filtered, and the selected one in full."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from markupsafe import Markup

from papercoder.report.formatting import LABELS
from papercoder.report.model import STATES, TracedRequirement
from papercoder.report.rendering import environment

RequirementList = tuple[TracedRequirement, ...]


@dataclass(frozen=True)
class Filter:
    """Conditions for a requirement to be in the list; an empty one always holds."""

    kind: str = ""
    status: str = ""
    state: str = ""
    file: str = ""
    gap: str = ""
    words: str = ""

    def matches(self, item: TracedRequirement) -> bool:
        """Do all conditions hold?"""
        requirement = item.requirement
        exact = ((self.kind, requirement.kind), (self.status, requirement.status), (self.state, item.state))
        return (
            all(wanted in {"", actual} for wanted, actual in exact)
            and (not self.file or self.file in _files(item))
            and (not self.gap or (self.gap in _GAPS and _GAPS[self.gap][1](item)))
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


_GAPS: dict[str, tuple[str, Callable[[TracedRequirement], bool]]] = {
    "owner": ("no owner file", lambda item: not item.owner),
    "mark": ("no mark in the code", lambda item: not item.marks),
    "quote": ("quote not found", lambda item: bool(item.requirement.quote) and not item.requirement.quote_found),
}
"""Name -> what is missing, and whether it is."""


def menus(requirements: RequirementList) -> tuple[Menu, ...]:
    """The menus of the filter; they offer only values that occur, with their number."""
    states = Counter(item.state for item in requirements)
    files = Counter(path for item in requirements for path in _files(item))
    gaps = Counter(name for item in requirements for name, (_, is_missing) in _GAPS.items() if is_missing(item))
    return (
        _menu("state", "all verdicts", ((state, LABELS[state], states[state]) for state in STATES)),
        _menu("status", "all sources", _counted(item.requirement.status for item in requirements)),
        _menu("kind", "all kinds", _counted(item.requirement.kind for item in requirements)),
        _menu("file", "all files", ((path, path, files[path]) for path in sorted(files))),
        _menu("gap", "no gap selected", ((name, _GAPS[name][0], gaps[name]) for name in _GAPS)),
    )


def list_html(requirements: RequirementList, *, is_planned: bool) -> Markup:
    """These requirements; `is_planned`: the run has any."""
    template = environment("papercoder.web").get_template("requirements.html")
    values = {"items": requirements, "is_planned": is_planned}
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def detail_html(item: TracedRequirement) -> Markup:
    """A requirement in full: its quote, verdict and places."""
    return Markup(environment("papercoder.web").get_template("requirement.html").render(item=item))  # noqa: S704  as above


def filter_html(requirements: RequirementList, chosen: Filter) -> Markup:
    """The fields of the filter, and the verdicts as a bar."""
    states = Counter(item.state for item in requirements)
    values = {
        "menus": menus(requirements),
        "chosen": {field.name: getattr(chosen, field.name) for field in fields(Filter)},
        "states": {state: states[state] for state in STATES if states[state]},
        "total": len(requirements),
    }
    return Markup(environment("papercoder.web").get_template("filter.html").render(**values))  # noqa: S704  as above


def index_of(requirements: RequirementList, selected: str, default: int = -1) -> int:
    """The position of a requirement in the list."""
    return next((index for index, item in enumerate(requirements) if item.requirement.id == selected), default)


def _counted(values: Iterable[str]) -> Iterable[tuple[str, str, int]]:
    return ((value, value, count) for value, count in Counter(values).items())


def _menu(name: str, label: str, values: Iterable[tuple[str, str, int]]) -> Menu:
    """A menu of values with their labels and numbers; those that do not occur are left out."""
    return Menu(name, label, tuple((value, f"{words} ({count:,})") for value, words, count in values if count))


def _files(item: TracedRequirement) -> set[str]:
    return {place.path for place in item.places} | ({item.owner} if item.owner else set())


def _words(item: TracedRequirement) -> str:
    requirement = item.requirement
    words = (requirement.id, requirement.statement, requirement.quote, requirement.anchor, *sorted(_files(item)))
    return " ".join(words).lower()
