"""Renders a report as one HTML page and as Markdown.

All values are escaped. The page loads no other file and runs one script, which its security policy allows by hash.
"""

import hashlib
import re
from base64 import b64encode
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from papercoder.files.regular import write
from papercoder.report import formatting
from papercoder.report.diagrams import diagrams
from papercoder.report.formatting import is_formula, mathml, with_formulas
from papercoder.report.loading import claim_groups, load, metric_label
from papercoder.report.model import Report, TracedRequirement, href, shown
from papercoder.report.questions import MOST, letter, questions
from papercoder.text import markdown
from papercoder.text.characters import printable

Section = Literal[
    "observed",
    "claims",
    "trials",
    "diagnosis",
    "open",
    "assumptions",
    "requirements",
    "data",
    "execution",
    "checks",
    "architecture",
    "configuration",
    "cost",
    "losses",
]

_LONGEST = 6_000
"""Characters of one value; longer ones are cut."""

_OUTPUT = 12_000
"""Characters of a command's output, counted from its end."""


class Links:
    """Addresses inside `report.html`, which is in the run folder; other pages override them."""

    def need(self, requirement: str) -> str:
        """A requirement."""
        return f"#{requirement}"

    def line(self, path: str, line: int) -> str:
        """A line of a file in the repository."""
        return href(path, line)

    def view(self, section: str) -> str:
        """A section."""
        return f"#{section}"

    def paper(self, _anchor: str) -> str:
        """A place in the paper; empty if the paper is not shown."""
        return ""

    def correction(self, _anchor: str) -> str:
        """The form that corrects a place in the paper; empty if there is none."""
        return ""


def write_report(folder: Path) -> Report:
    """Load a run folder and write `report.html` and `report.md` into it, each atomically.

    Raises:
        RunFolderError: it is not a run folder, cannot be read, or cannot be written.
    """
    report = load(folder)
    write(folder, "report.html", to_html(report))
    write(folder, "report.md", to_markdown(report))
    return report


def to_html(report: Report) -> str:
    """The report as one self-contained page that works offline."""
    script = _data("report.js")
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            links=Links(),
            whole=True,
            style=style(),
            script=Markup(script),  # noqa: S704  a file of this package
            script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def section(report: Report, name: Section, links: Links) -> Markup:
    """One section of the report, unfolded, for another page that includes `parts_style`."""
    template = environment().get_template(f"sections/{name}.html")
    return Markup(template.render(report=report, links=links, whole=False))  # noqa: S704  the template escapes


def need(item: TracedRequirement, links: Links) -> Markup:
    """One requirement, as in the report's list of requirements."""
    return Markup(environment().get_template("need.html").render(item=item, links=links))  # noqa: S704  as above


def to_markdown(report: Report) -> str:
    """The report as Markdown; diagrams stay Mermaid and formulas LaTeX."""
    text = environment().get_template("report.md").render(report=report)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def environment(package: str = "papercoder.report") -> Environment:
    """The Jinja environment for a package's templates and the report's; values are escaped unless they are `Markup`."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("papercoder.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        auto_reload=False,
    )
    made.filters |= {
        "amount": formatting.amount,
        "beside": formatting.beside,
        "bytes": formatting.size,
        "code": _code,
        "day": formatting.day,
        "duration": formatting.duration,
        "fenced": _fenced,
        "figure": formatting.figure,
        "formulas": _formulas,
        "label": formatting.LABELS.__getitem__,
        "is_formula": is_formula,
        "md": _markdown,
        "memory": formatting.memory,
        "metric": metric_label,
        "money": formatting.money,
        "picture": _picture,
        "plural": formatting.plural,
        "reported": formatting.reported,
        "statistic": formatting.statistic,
        "signed": formatting.signed,
        "prose": _prose,
        "quoted": _quoted,
        "shown": shown,
        "sign": lambda state: formatting.SIGNS[formatting.tone(state)],
        "tail": tail,
        "tone": formatting.tone,
    }
    made.globals |= {
        "asks": formatting.STEP_REQUIREMENTS,
        "claim_groups": claim_groups,
        "cost": formatting.cost,
        "diagrams": diagrams,
        "headline": formatting.headline,
        "letter": letter,
        "most_questions": MOST,
        "questions": questions,
    }
    return made


def style() -> Markup:
    """The style of whole pages: layout and sections."""
    return Markup(_data("report.css") + _data("parts.css"))  # noqa: S704  files of this package


def parts_style(within: str) -> str:
    """The style of sections only, within a selector; colors and fonts come from the page's variables."""
    return f"{within} {{\n{_data('parts.css')}}}\n"


def sheet(package: str, name: str) -> Markup:
    """A style sheet from a package's `templates` folder."""
    return Markup(_data(name, package))  # noqa: S704  a file of this package


@cache
def _data(name: str, package: str = "papercoder.report") -> str:
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


def _finalize(value: object) -> object:
    """A value for a template: strings lose control characters and are cut to a maximum length."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = printable(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"


def _picture(uri: str) -> Markup:
    """A data URI of ours, which is not cut as texts are."""
    return escape(uri)


def _prose(text: str) -> Markup:
    """Escaped text with `code` between backticks and typeset formulas."""
    parts = re.split(r"`([^`\n]+)`", str(_finalize(text)))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else with_formulas(part) for index, part in enumerate(parts)
    )


def _formulas(text: str) -> Markup:
    """Escaped text with typeset formulas."""
    return with_formulas(str(_finalize(text)))


def _quoted(quote: str) -> Markup:
    """An escaped quote from the paper with typeset formulas; a quote from an equation is one formula."""
    return (is_formula(quote) and mathml(str(_finalize(quote)))) or _formulas(quote)


def tail(output: str) -> Markup:
    """The last part of a command's output, escaped."""
    text = printable(output[-4 * _OUTPUT :]).strip("\n")
    if len(text) > _OUTPUT or len(output) > 4 * _OUTPUT:
        text = f"… (the end of {len(output):,} characters)\n{text[-_OUTPUT:]}"
    return escape(text)


def _markdown(text: str) -> Markup:
    """Escaped for a place in a line of Markdown."""
    return Markup(markdown.escaped(_shortened(text)))  # noqa: S704  every character that could be markup is escaped


def _code(text: str) -> Markup:
    """A code span of Markdown."""
    return Markup(markdown.code(_shortened(text)))  # noqa: S704  the content cannot end the span


def _fenced(text: str, language: str = "") -> Markup:
    """A code block of Markdown with the last part of an output."""
    inside = printable(text).strip("\n")
    inside = inside if len(inside) <= _OUTPUT else f"… (the end of {len(inside):,} characters)\n{inside[-_OUTPUT:]}"
    return Markup(markdown.fenced(inside, language))  # noqa: S704  the content cannot end the block


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
