"""A study's two pages: the questionnaire as one HTML file, and the results without scripts, with a table and JSON.

It loads nothing and sends nothing by itself. Code becomes tokens that the script writes as text, never as markup.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String
from pygments.util import ClassNotFound

from papercoder.artifacts import Equation, Interval, PairResult, Paper, SourceFile, Study, StudyKey, StudyResults
from papercoder.evaluation.study.answers import RESULTS, Response
from papercoder.evaluation.study.questionnaire import PARTS
from papercoder.files.regular import write
from papercoder.report.formatting import is_formula, mathml
from papercoder.report.plots import Row, intervals
from papercoder.report.rendering import environment, sheet, style
from papercoder.text import csv_text
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


def page_script() -> str:
    """The one script of the page."""
    return str(sheet("papercoder.evaluation", "study/page.js"))


def script_hash() -> str:
    """Its hash, by which browsers are allowed to run it."""
    return b64encode(hashlib.sha256(page_script().encode()).digest()).decode()


def page_html(study: Study, papers: Sequence[PagePaper]) -> str:
    """The page of a study with these papers."""
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
        script=Markup(page_script()),  # noqa: S704  a file of this package
        script_hash=script_hash(),
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
    """An anchor as text: `Section 3.2`, `Equation 5`, `Appendix A`."""
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


COLUMNS = (
    *(
        "participant",
        "paper",
        "seconds",
        "saved",
        "repository",
        "maker",
        "question",
        "topic",
        "part",
        "answer",
        "score",
    ),
)
"""Of the table: a row for each answer. `score`: the answer's place on its question's scale."""


@dataclass(frozen=True)
class Plot:
    """A drawing and its title."""

    title: str
    svg: Markup


def write_results(folder: Path, results: StudyResults, key: StudyKey, responses: Iterable[Response]) -> Path:
    """Write `results.html`, `results.json` and `answers.csv` below the study; the page's path.

    Raises:
        RunFolderError: a file cannot be written.
    """
    write(folder, f"{RESULTS}/results.json", results.model_dump_json(indent=1) + "\n")
    write(folder, f"{RESULTS}/answers.csv", to_csv(key, responses))
    write(folder, f"{RESULTS}/results.html", to_html(results))
    return folder / RESULTS / "results.html"


def to_html(results: StudyResults) -> str:
    """The results as a page; everything that participants wrote is escaped."""
    look = style() + sheet("papercoder.evaluation", "results.css")
    template = environment("papercoder.evaluation").get_template("study/results.html")
    return template.render(
        results=results,
        style=look,
        plots=tuple(plots(results)),
        parts=PARTS,
        figure=figure,
        percent=percent,
        p_value=p_value,
        headline=headline(results),
    )


def headline(results: StudyResults) -> str:
    """Who is ranked first most often, in one sentence."""
    ranked = [each for each in results.makers if each.first is not None]
    if not ranked:
        return "Nobody ranked the repositories."
    most = max(each.first or 0.0 for each in ranked)
    best = " and ".join(each.maker for each in ranked if each.first == most)
    rankings = max(each.ranked for each in ranked)
    tied = "each " if " and " in best else ""
    return f"{best} {'are' if tied else 'is'} {tied}ranked first in {most:.0%} of {rankings} rankings."


def plots(results: StudyResults) -> Iterator[Plot]:
    """Rank scores, win rates and ratings with their intervals."""
    most = max(sum(each.paper == first.paper for each in results.repositories) for first in results.repositories)
    yield from _plot("Rank score", [(each.maker, each.rank_score) for each in results.makers], 1, most)
    pairs = [(f"{each.winner} above {each.loser}", each.rate) for each in results.pairs]
    yield from _plot("Win rate", pairs, 0, 1)
    yield from _plot("Faithful to the paper", [(each.maker, each.faithful) for each in results.makers], 1, 5)
    for part, name in PARTS.items():
        rows = [(each.maker, each.coverage.get(part)) for each in results.makers]
        yield from _plot(f"Components of {name.lower()}", rows, 0, 1)


def _plot(title: str, rows: list[tuple[str, Interval | None]], low: float, high: float) -> Iterator[Plot]:
    if known := tuple(Row(label, value) for label, value in rows if value):
        yield Plot(title, intervals(known, low, high, title))


def figure(value: Interval | None, digits: int = 2) -> str:
    """`2.50 (1.90 to 3.10)`; values that do not vary have no interval."""
    if value is None:
        return "–"
    within = f" ({value.low:.{digits}f} to {value.high:.{digits}f})" if value.low < value.high else ""
    return f"{value.mean:.{digits}f}{within}"


def percent(value: Interval | None) -> str:
    """`83% (58 to 95)`; values that do not vary have no interval."""
    if value is None:
        return "–"
    within = f" ({max(value.low, 0) * 100:.0f} to {min(value.high, 1) * 100:.0f})" if value.low < value.high else ""
    return f"{value.mean:.0%}{within}"


def p_value(value: float | None) -> str:
    """`0.032`; `< 0.001`."""
    return "–" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def pair_words(pair: PairResult) -> str:
    """`PaperCoder above MetaGPT: 9 of 11, 1 tie`."""
    ties = f", {pair.ties} tied" if pair.ties else ""
    return f"{pair.winner} above {pair.loser}: {pair.wins} of {pair.wins + pair.losses}{ties}"


def to_csv(key: StudyKey, responses: Iterable[Response]) -> str:
    """All answers with their makers, a row for each; a spreadsheet runs none of them as a formula."""
    rows: list[tuple[csv_text.Cell, ...]] = [COLUMNS]
    for response in responses:
        for name, question in response.paper.keys.items():
            answer = response.answers.get(name, "")
            repository = name.rpartition(".")[2] if question.each else ""
            score = question.score(answer)
            place = int(score) if score is not None and score.is_integer() else score
            row = (
                *(response.participant, response.paper.id, f"{response.seconds:.0f}", response.saved, repository),
                key.maker(response.paper.id, repository) if repository else "",
                *(question.id, question.topic, question.part or "", answer, place),
            )
            rows.append(row)
    return csv_text.to_csv(rows)
