"""Questions for a paper's authors, as a text to send: what was assumed, what is only cited, what stayed unclear."""

from collections.abc import Iterable, Iterator
from itertools import count

from papercoder.artifacts import ConfigValue, Requirement
from papercoder.diagrams.text import one_line
from papercoder.report.model import Report, shown

_OURS = "data.synthetic"
"""The settings of the offline twin of the data: the repository's own, and none of the authors' business."""


def has_questions(report: Report) -> bool:
    """Is there something to ask?"""
    return any(list(asked) for _, asked in _chapters(report))


def questions(report: Report) -> str:
    """A letter in plain text; places in the paper are in brackets. Empty where there is nothing to ask."""
    if not has_questions(report):
        return ""
    numbers = count(1)
    parts = [_OPENING.format(title=one_line(report.title) or "your paper")]
    for title, asked in _chapters(report):
        lines = [f"{next(numbers)}. {one_line(question)}" for question in asked]
        if lines:
            parts.append("\n".join([f"{title}\n", *lines]))
    return "\n\n".join([*parts, _CLOSING]) + "\n"


_OPENING = """Dear authors,

we are writing code that reproduces “{title}”. In some places the paper leaves a choice open, or refers to other work \
for it, and code has to choose. Below is what we chose. Could you tell us where you did otherwise? A word or two each \
is plenty, and code that you can share would answer most of it."""

_CLOSING = """Places in the paper are in brackets: section and paragraph, eq: equation, tab: table, alg: algorithm.

Thank you!"""


def _chapters(report: Report) -> Iterator[tuple[str, Iterator[str]]]:
    needs = tuple(item.requirement for item in report.requirements)
    values = report.config.values if report.config else ()
    yield "What we assumed", (_of_assumed(item) for item in needs if item.status == "assumed")
    yield "What the paper takes from other work", (_of_cited(item) for item in needs if item.status == "cited")
    yield "Values that we did not find", (_of_value(value) for value in values if _is_open(value))
    yield "What stayed unclear, and how we read it", iter(report.open_points)


def _is_open(value: ConfigValue) -> bool:
    return value.source == "assumed" and not value.key.startswith(_OURS)


def _of_assumed(item: Requirement) -> str:
    return f"[{item.anchor}] {_sentence(item.statement)} Is that what you did?{_or(item.alternatives)}"


def _of_cited(item: Requirement) -> str:
    said = f" (“{item.quote}”)" if item.quote else ""
    return f"[{item.anchor}]{said} We took this from the work cited: {_sentence(item.statement)} Did you use it so?"


def _of_value(value: ConfigValue) -> str:
    what = value.meaning.strip().rstrip(".") or value.key
    return f"{what[:1].upper()}{what[1:]} ({value.key}): we took {shown(value.value)}.{_or(value.alternatives)}"


def _or(alternatives: Iterable[str]) -> str:
    others = "; ".join(alternatives)
    return f" Or rather: {others}?" if others else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
