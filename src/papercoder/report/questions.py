"""A letter to a paper's authors with questions about assumptions, cited details and unclear places.

Questions that concern more of the results that could not be reproduced come first.
"""

from collections.abc import Iterable, Iterator
from itertools import count

from papercoder.artifacts import ConfigValue, Requirement
from papercoder.claims.measurements import plain
from papercoder.report.model import Report, shown
from papercoder.text.characters import one_line

_OURS = "data.synthetic"
"""Prefix of the settings of the synthetic data, which are not from the paper."""


def has_questions(report: Report) -> bool:
    """Whether there is a question to ask."""
    return any(list(asked) for _, asked in _sections(report))


def questions(report: Report) -> str:
    """The letter in plain text, with places in the paper in brackets; empty if there is no question."""
    if not has_questions(report):
        return ""
    numbers = count(1)
    parts = [_OPENING.format(title=one_line(report.title) or "your paper")]
    for title, asked in _sections(report):
        lines = [f"{next(numbers)}. {one_line(question)}" for question in asked]
        if lines:
            parts.append("\n".join([f"{title}\n", *lines]))
    return "\n\n".join([*parts, _CLOSING]) + "\n"


_OPENING = """Dear authors,

we are writing code that reproduces “{title}”. Some details are not in the paper, or only in the work that it cites. \
Below is what we chose for them. Could you tell us where your implementation differs? A few words for each are enough, \
and sharing your code would answer most of them."""

_CLOSING = """Brackets give the place in the paper: section and paragraph, eq: equation, tab: table, alg: algorithm.

Thank you!"""


def _sections(report: Report) -> Iterator[tuple[str, Iterator[str]]]:
    concerned = {name: len(claims) for name, claims in _concerned(report).items()}
    needs = [item.requirement for item in report.requirements]
    needs.sort(key=lambda item: -concerned.get(item.id, 0))
    values = sorted(report.config.values if report.config else (), key=lambda value: -concerned.get(value.key, 0))
    yield "Our assumptions", (_of_assumed(item) for item in needs if item.status == "assumed")
    yield "Details from cited work", (_of_cited(item) for item in needs if item.status == "cited")
    yield "Values that are not in the paper", (_of_value(value) for value in values if _is_open(value))
    yield "Unclear places and our reading", iter(report.open_points)


def _concerned(report: Report) -> dict[str, set[str]]:
    """Requirement or setting -> the claims that are not met and that it concerns.

    These are the claims that a hypothesis about it would explain, and those whose method or data set it names.
    """
    found: dict[str, set[str]] = {}
    unmet = [item.claim for item in report.claims if item.verdict in ("differs", "inconclusive")]
    for hypothesis in report.diagnosis.hypotheses if report.diagnosis else ():
        for name in (hypothesis.requirement, *(setting.key for setting in hypothesis.settings)):
            found.setdefault(name, set()).update(hypothesis.claims)
    texts = {item.requirement.id: item.requirement.statement for item in report.requirements}
    texts |= {value.key: f"{value.key} {value.meaning}" for value in (report.config.values if report.config else ())}
    for name, text in texts.items():
        words = plain(text)
        found.setdefault(name, set()).update(
            claim.id for claim in unmet if plain(claim.method) in words or plain(claim.dataset) in words
        )
    return found


def _is_open(value: ConfigValue) -> bool:
    return value.source == "assumed" and not value.key.startswith(_OURS)


def _of_assumed(item: Requirement) -> str:
    return f"[{item.anchor}] {_sentence(item.statement)} Is this correct?{_alternatives(item.alternatives)}"


def _of_cited(item: Requirement) -> str:
    said = f" (“{item.quote}”)" if item.quote else ""
    return f"[{item.anchor}]{said} We took this from the cited work: {_sentence(item.statement)} Is this correct?"


def _of_value(value: ConfigValue) -> str:
    what = value.meaning.strip().rstrip(".") or value.key
    return (
        f"{what[:1].upper()}{what[1:]} ({value.key}): we use {shown(value.value)}.{_alternatives(value.alternatives)}"
    )


def _alternatives(alternatives: Iterable[str]) -> str:
    others = "; ".join(alternatives)
    return f" Alternatives: {others}." if others else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
