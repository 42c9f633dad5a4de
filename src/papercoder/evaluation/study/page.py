"""The questionnaire as one HTML file: paper, repositories and questions. `study open` serves the same file.

It loads nothing and sends nothing by itself. Code becomes tokens that the script writes as text, never as markup.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String
from pygments.util import ClassNotFound

from papercoder.artifacts import Equation, Paper, SourceFile, Study
from papercoder.evaluation.study.questionnaire import PARTS
from papercoder.report.formulas import is_formula, mathml
from papercoder.report.rendering import environment, sheet, style
from papercoder.text.characters import printable, visible

_KINDS = ((Comment, "c"), (Keyword, "k"), (String, "s"), (Number, "n"), (Name.Function, "f"), (Name.Class, "f"))
_MOST_HIGHLIGHTED = 200_000
"""Characters; longer files are not highlighted."""

_WITH_LATEX = frozenset({"latex", "html", "markdown", "jats"})
"""Sources whose equations are LaTeX."""

Tokens = list[str]
"""A line of code: kind, text, kind, text, ..."""


@dataclass(frozen=True)
class PageCode:
    """A repository under its neutral name."""

    name: str
    files: tuple[SourceFile, ...]
    others: tuple[str, ...]
    """Names of files that are not shown."""


@dataclass(frozen=True)
class PagePaper:
    """A paper and its repositories."""

    id: str
    paper: Paper
    pdf: bytes
    """Empty if the paper is not a PDF or too large."""

    code: tuple[PageCode, ...]


def page_html(study: Study, papers: Sequence[PagePaper]) -> str:
    """The page of a study with these papers."""
    script = str(sheet("papercoder.evaluation", "study/page.js"))
    content = {
        "study": study.id,
        "papers": {
            each.id: {
                "required": required.required,
                "repositories": [_repository(code) for code in each.code],
                "pdf": b64encode(each.pdf).decode(),
            }
            for each, required in zip(papers, study.papers, strict=True)
        },
    }
    template = environment("papercoder.evaluation").get_template("study/page.html")
    return template.render(
        study=study,
        introduction=study.introduction.split("\n\n"),
        papers=list(zip(study.papers, papers, strict=True)),
        parts=PARTS,
        formula=_formula,
        place=place,
        style=style() + sheet("papercoder.evaluation", "study/page.css"),
        script=Markup(script),  # noqa: S704  a file of this package
        script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        content=Markup(json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")),  # noqa: S704  cannot end its element
    )


def _repository(code: PageCode) -> dict[str, object]:
    files = [{"path": visible(file.path), "lines": highlighted(file)} for file in code.files]
    return {"name": code.name, "files": files, "others": [visible(path) for path in code.others]}


def highlighted(file: SourceFile) -> list[Tokens]:
    """The lines of a file as tokens with their kinds: comment, keyword, string, number, definition, or none."""
    text = visible(file.text.replace("\r\n", "\n").replace("\r", "\n")).removesuffix("\n")
    try:
        lexer = get_lexer_for_filename(file.path, stripnl=False)
    except ClassNotFound:
        lexer = None
    if lexer is None or len(text) > _MOST_HIGHLIGHTED:
        return [["", line] for line in text.split("\n")]
    lines: list[Tokens] = [[]]
    for token, value in lexer.get_tokens(text):
        kind = next((name for group, name in _KINDS if token in group), "")
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part and lines[-1][-2:-1] == [kind]:
                lines[-1][-1] += part
            elif part:
                lines[-1] += [kind, part]
    return lines[: text.count("\n") + 1]


_KINDS_OF_PLACES = {"eq": "Equation", "tab": "Table", "alg": "Algorithm", "fig": "Figure", "app": "Appendix"}


def place(anchor: str) -> str:
    """An anchor in words: `Section 3.2`, `Equation 5`, `Appendix A`."""
    kind, _, number = anchor.partition("¶")[0].rpartition(":")
    return (
        f"{_KINDS_OF_PLACES.get(kind, kind)} {number}"
        if kind
        else f"Section {number}"
        if number[:1].isdigit()
        else number
    )


def _formula(paper: Paper, equation: Equation) -> Markup | None:
    """An equation as MathML; None if its source is shown."""
    has_latex = paper.source in _WITH_LATEX or is_formula(equation.text)
    return mathml(printable(equation.text), display=True) if has_latex else None
