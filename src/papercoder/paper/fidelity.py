"""The input-fidelity report: what was read of a paper, what may be wrong before any money is spent, and corrections."""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest

from papercoder.artifacts import Algorithm, AnyBlock, Artifact, Equation, Figure, Loss, Paper, Paragraph, Section, Table
from papercoder.errors import PaperError
from papercoder.models.contract import count_tokens

_SHORTEST = 1_000
"""Words: even a short workshop paper has more."""

NONE = "No problems found."
"""Said only when every check was made."""

_WRITTEN = frozenset(("latex", "html", "jats"))
"""Formats in which formulas are the authors' or the publisher's own."""

_UNFINISHED = re.compile(r"(?:[-–—:,]|\b(?:a|an|and|by|for|from|in|into|of|on|the|to|via|with))$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\bEQUATION\b|\bFORMULA\b|\[MATH\]|<!-- ?formula-not-decoded ?-->|\ufffd")
_EQUATION_CITED = re.compile(r"\b(?:Eq(?:n|uation|s|ns|uations)?\.?|Formula)\s*~?\s*\(?(\d{1,3})\)?")
_CITED = {
    "table": re.compile(r"\bTables?\s+(\d{1,2}(?:\.\d{1,2})?|[IVX]{1,5})\b"),
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


class Check(Artifact):
    """One thing that was looked for, or could not be."""

    name: str
    """What was checked, as the user reads it."""

    made: bool
    reason: str = ""
    """Why it was not made."""


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

    suspicions: tuple[Loss, ...] = ()
    """Everything that may be missing or wrong, with its place where it has one."""

    checks: tuple[Check, ...] = ()

    files: tuple[str, ...] = ()
    """The files that were read, if the source has several."""

    estimate: Estimate | None = None
    """Put in by who knows the model."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentences of the suspicions."""
        return tuple(dict.fromkeys(each.message for each in self.suspicions))

    @property
    def verdict(self) -> str:
        """A summary if there are no suspicions; empty if there are some."""
        return "" if self.suspicions else verdict(self.checks)


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
        suspicions=suspicions(paper),
        checks=checks(paper),
    )


_COMMON_CHECKS = (
    "title, abstract, headings and references are there",
    "sections have text, tables cells and algorithms lines",
    "equations, tables and algorithms that the text cites are there",
    "no formula is a placeholder",
)
_READER_CHECKS = {
    "words": "two parsers read the same words",
    "fonts": "the text is written in a language",
    "formulas": "formulas keep the fractions, roots, limits and accents of the page",
    "outline": "the headings of the PDF's outline are there",
}
_RECOGNISED = "the pages' text was recognised from images"


def verdict(checks: Iterable[Check]) -> str:
    """A summary if no check found a problem."""
    missed = [check.name for check in checks if not check.made]
    return f"The checks that were made found no problems. Not checked: {'; '.join(missed)}." if missed else NONE


def checks(paper: Paper) -> tuple[Check, ...]:
    """The checks for this format, made or not."""
    return tuple(_checks(paper))


def suspicions(paper: Paper) -> tuple[Loss, ...]:
    """What the reader suspects, and what the paper itself shows."""
    return (*paper.losses, *_suspicions(paper))


def _checks(paper: Paper) -> Iterator[Check]:
    for name in _COMMON_CHECKS:
        yield Check(name=name, made=True)
    if paper.source == "pdf":
        for key, name in _READER_CHECKS.items():
            if key in paper.checks:
                yield Check(name=name, made=True)
            elif key != "outline":
                is_text = "words" in paper.checks
                reason = "some pages could be read only as plain text" if is_text else _RECOGNISED
                yield Check(name=name, made=False, reason=reason)
    elif paper.source not in _WRITTEN:
        reason = "this format was made from the paper by another program, and its pages are not here"
        yield Check(name=_READER_CHECKS["formulas"], made=False, reason=reason)


def _suspicions(paper: Paper) -> Iterator[Loss]:
    known = {loss.kind for loss in paper.losses}
    if not paper.title:
        yield Loss(kind="no_title", message="No title was found.", anchor="title")
    elif _UNFINISHED.search(paper.title):
        yield Loss(kind="title", message="The title seems to be cut off.", anchor="title", page=_page(paper, "title"))
    if not paper.abstract:
        yield Loss(kind="no_abstract", message="No abstract was found.")
    if paper.words < _SHORTEST:
        yield Loss(kind="short", message=f"The paper has only {paper.words} words; is this all of it?")
    if not any(section.level and section.anchor != "0" for section in paper.sections):
        yield Loss(kind="no_headings", message="No headings were found, so the paper is one long section.")
    if not paper.references and "missing_references" not in known:
        yield Loss(kind="no_references", message="No references were found.")
    yield from _empty(paper, known)
    if "equations" not in known:
        yield from _placeholders(paper)
    yield from _cited_but_absent(paper)


def _page(paper: Paper, anchor: str) -> int | None:
    return next((place.page for place in paper.places if place.anchor == anchor), None)


def _empty(paper: Paper, known: Collection[str]) -> Iterator[Loss]:
    """Sections without text and without sections below them, tables without cells, algorithms without lines."""
    for section, after in zip_longest(paper.sections, paper.sections[1:]):
        if "empty_section" not in known and not section.blocks and not (after and after.level > section.level):
            yield Loss(kind="empty_section", message=f"Section {_name(section)} has no text.", anchor=section.anchor)
    for table in paper.tables:
        if not table.rows:
            message = f"The table {table.anchor} has a caption but no cells; it may be a picture in the source."
            yield Loss(kind="empty_table", message=message, anchor=table.anchor, page=_page(paper, table.anchor))
    for algorithm in paper.algorithms:
        if not algorithm.text.strip():
            message = f"The algorithm {algorithm.anchor} has a caption but no lines."
            page = _page(paper, algorithm.anchor)
            yield Loss(kind="empty_algorithm", message=message, anchor=algorithm.anchor, page=page)


def _placeholders(paper: Paper) -> Iterator[Loss]:
    found = sum(bool(_PLACEHOLDER.search(equation.text)) for equation in paper.equations)
    if found:
        message = f"{found} of {len(paper.equations)} displayed equations are placeholders without a formula."
        yield Loss(kind="equations", message=message)
    elif count := len(_PLACEHOLDER.findall(paper.text)):
        message = f"The text has {count} placeholders or unreadable characters where something else should be."
        yield Loss(kind="placeholders", message=message)


def _cited_but_absent(paper: Paper) -> Iterator[Loss]:
    """Numbered things that the text points to, but that were not read."""
    numbered = {equation.number for equation in paper.equations if equation.number}
    cited = {int(number) for number in _EQUATION_CITED.findall(paper.text)}
    highest, count = max(cited, default=0), len(paper.equations)
    if not numbered and highest > count:
        message = f"The text points to Equation {highest}, but only {count} displayed equations were read."
        yield Loss(kind="missing_equation", message=message)
    have = {block.anchor for block in paper.blocks()}
    for kind, pattern in _CITED.items():
        numbers = sorted(set(pattern.findall(paper.text)), key=lambda number: (number.isalpha(), len(number), number))
        absent = [number for number in numbers if f"{kind[:3]}:{number}" not in have]
        if absent:
            message = f"The text points to {kind.capitalize()} {', '.join(absent[:8])}, which were not read."
            yield Loss(kind=f"missing_{kind}", message=message)


def _name(section: Section) -> str:
    return f"{section.anchor} ({section.title})" if section.title.lower() != section.anchor else section.title


SEPARATOR = "|"
"""Between the cells of a row; each row is a line."""


def editable_text(paper: Paper, anchor: str) -> str:
    """The text of a place as people edit it.

    Raises:
        PaperError: the paper has no such place.
    """
    if anchor == "title":
        return paper.title
    match _block(paper, anchor):
        case Table(rows=rows):
            return "\n".join(f" {SEPARATOR} ".join(cell.replace(SEPARATOR, "¦") for cell in row) for row in rows)
        case Figure(caption=caption):
            return caption
        case Paragraph(text=text) | Equation(text=text) | Algorithm(text=text):
            return text


def corrected(paper: Paper, anchor: str, text: str) -> Paper:
    """The paper with this text at a place, and without the suspicions about it.

    Raises:
        PaperError: the paper has no such place, or the text is empty.
    """
    if not text.strip():
        raise PaperError(f"{anchor}: the corrected text is empty; write what is printed there.")
    losses = tuple(loss for loss in paper.losses if loss.anchor != anchor)
    if anchor == "title":
        return paper.model_copy(update={"title": " ".join(text.split()), "losses": losses})
    changed = _corrected_block(_block(paper, anchor), text)
    sections = tuple(
        section.model_copy(
            update={"blocks": tuple(changed if block.anchor == anchor else block for block in section.blocks)}
        )
        for section in paper.sections
    )
    return paper.model_copy(update={"sections": sections, "losses": losses})


def _block(paper: Paper, anchor: str) -> AnyBlock:
    found = next((block for block in paper.blocks() if block.anchor == anchor), None)
    if found is None:
        raise PaperError(f"The paper has no place {anchor!r}; choose one in the paper.")
    return found


def _corrected_block(block: AnyBlock, text: str) -> AnyBlock:
    match block:
        case Table():
            return block.model_copy(update={"rows": _rows(text)})
        case Figure():
            return block.model_copy(update={"caption": " ".join(text.split())})
        case Equation():
            return block.model_copy(update={"text": " ".join(text.split())})
        case Paragraph() | Algorithm():
            return block.model_copy(update={"text": text.strip("\n")})


def _rows(text: str) -> tuple[tuple[str, ...], ...]:
    """Rows of the same number of cells; short ones are filled with empty cells."""
    rows = [[cell.strip().replace("¦", SEPARATOR) for cell in line.split(SEPARATOR)] for line in text.splitlines()]
    rows = [row for row in rows if any(row)]
    width = max(map(len, rows), default=0)
    return tuple((*row, *[""] * (width - len(row))) for row in rows)
