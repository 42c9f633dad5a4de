"""The input-fidelity report: what of a paper was read, and what seems to be missing, before any money is spent."""

import re
from collections.abc import Iterator

from pydantic import Field

from papercoder.artifacts import Artifact, Paper, Section
from papercoder.models.tokens import count_tokens

_SHORTEST = 1_000
"""Words: even a short workshop paper has more."""

_PLACEHOLDER = re.compile(r"\bEQUATION\b|\bFORMULA\b|\[MATH\]|<!-- ?formula-not-decoded ?-->|\ufffd")
_EQUATION_CITED = re.compile(r"\b(?:Eq(?:n|uation|s|ns|uations)?\.?|Formula)\s*~?\s*\(?(\d{1,3})\)?")
_CITED = {
    "table": re.compile(r"\bTables?\s+(\d{1,2}(?:\.\d{1,2})?)\b"),
    "algorithm": re.compile(r"\bAlgorithms?\s+(\d{1,2}(?:\.\d{1,2})?)\b"),
}


class Outline(Artifact):
    """A heading of the paper."""

    anchor: str
    level: int
    title: str


class Estimate(Artifact):
    """What a run on this paper would cost."""

    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = None
    """None where the model's price is not known."""

    note: str = ""


class Fidelity(Artifact):
    """What was read of a paper, and what may have been lost."""

    title: str
    sections: tuple[Outline, ...]
    equations: int
    tables: int
    algorithms: int
    figures: int
    references: int
    words: int
    tokens: int
    """Tokens of the whole paper as the models read it."""

    numbers: int
    """How many numbers are printed in the text."""

    warnings: tuple[str, ...] = Field(default=())
    """One sentence for everything that seems to be missing; empty where nothing does."""

    files: tuple[str, ...] = ()
    """The files that were read, if the source has several."""

    estimate: Estimate | None = None
    """Put in by who knows the model."""


def fidelity(paper: Paper) -> Fidelity:
    """The report on a paper."""
    outline = tuple(Outline(anchor=each.anchor, level=each.level, title=each.title) for each in paper.sections)
    return Fidelity(
        title=paper.title,
        sections=outline,
        equations=len(paper.equations),
        tables=len(paper.tables),
        algorithms=len(paper.algorithms),
        figures=len(paper.figures),
        references=len(paper.references),
        words=paper.words,
        tokens=count_tokens(paper.render()),
        numbers=len(paper.numbers),
        files=paper.files,
        warnings=tuple(dict.fromkeys([*(loss.message for loss in paper.losses), *_suspicions(paper)])),
    )


def _suspicions(paper: Paper) -> Iterator[str]:
    if not paper.title:
        yield "No title was found."
    if not paper.abstract:
        yield "No abstract was found."
    if paper.words < _SHORTEST:
        yield f"The paper has only {paper.words} words; is this all of it?"
    if not any(section.level and section.anchor != "0" for section in paper.sections):
        yield "No headings were found, so the paper is one long section."
    known = {loss.kind for loss in paper.losses}
    if not paper.references and "missing_references" not in known:
        yield "No references were found."
    yield from _empty(paper)
    if "equations" not in known:
        yield from _placeholders(paper)
    yield from _cited_but_absent(paper)


def _empty(paper: Paper) -> Iterator[str]:
    """Sections without text and without sections below them, tables without cells, algorithms without lines."""
    for section, after in zip(paper.sections, (*paper.sections[1:], None), strict=False):
        if not section.blocks and not (after and after.level > section.level):
            yield f"Section {_name(section)} has no text."
    for table in paper.tables:
        if not table.rows:
            yield f"The table {table.anchor} has a caption but no cells; it may be a picture in the source."
    for algorithm in paper.algorithms:
        if not algorithm.text.strip():
            yield f"The algorithm {algorithm.anchor} has a caption but no lines."


def _placeholders(paper: Paper) -> Iterator[str]:
    found = sum(bool(_PLACEHOLDER.search(equation.text)) for equation in paper.equations)
    if found:
        yield f"{found} of {len(paper.equations)} displayed equations are placeholders without a formula."
    elif count := len(_PLACEHOLDER.findall(paper.text)):
        yield f"The text has {count} placeholders or unreadable characters where something else should be."


def _cited_but_absent(paper: Paper) -> Iterator[str]:
    """Numbered things that the text points to, but that were not read."""
    numbered = {equation.number for equation in paper.equations if equation.number}
    cited = {int(number) for number in _EQUATION_CITED.findall(paper.text)}
    highest = max(cited, default=0)
    if not numbered and highest > len(paper.equations):
        yield f"The text points to Equation {highest}, but only {len(paper.equations)} displayed equations were read."
    for kind, pattern in _CITED.items():
        anchor = {"table": "tab", "algorithm": "alg"}[kind]
        have = {block.anchor for block in paper.blocks()}
        absent = sorted({n for n in pattern.findall(paper.text) if f"{anchor}:{n}" not in have}, key=float)
        if absent:
            yield f"The text points to {kind.capitalize()} {', '.join(absent[:8])}, which were not read."


def _name(section: Section) -> str:
    return f"{section.anchor} ({section.title})" if section.title.lower() != section.anchor else section.title
