"""Prepares a Markdown file: drops what is no content, and turns pandoc's additions into plain Markdown."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from papercoder.artifacts import Loss
from papercoder.paper.markup import tidy
from papercoder.text.yaml_text import InvalidYaml, load_yaml

_ATTRIBUTES = re.compile(r"[ \t]*\{(?:[#.][A-Za-z][\w:.-]*|[\w-]+=(?:\"[^\"]*\"|[^\s{}]+)|-)(?:\s[^{}\n]*)?\}[ \t]*$")
"""Behind a heading, a formula, a caption or a picture: `{#sec:x .unnumbered width=50%}`."""

_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_DIV = re.compile(r" {0,3}:{3,}\s*(?:\{[^{}]*\}|[\w-]+)?\s*:*\s*$")
_CAPTION = re.compile(r" {0,3}(?:Table)?:\s+(?=\S)(?!\d)")
_RULE = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*$")
"""Below the first row of a simple table; its dashes say where the columns are."""

_NOTE = re.compile(r"\^\[((?:[^\[\]]|\[[^\[\]]*\])+)\]")


def front_matter(text: str) -> tuple[str, str]:
    """The title and the abstract in the metadata; empty where there is none."""
    try:
        found = load_yaml(text)
    except InvalidYaml:  # such as a title with a colon and without quotes
        line = _TITLE.search(text)
        return line[1] if line else "", ""
    values = found if isinstance(found, dict) else {}
    title, abstract = (values.get(name) for name in ("title", "abstract"))
    subtitle = values.get("subtitle")
    if isinstance(title, str) and isinstance(subtitle, str):
        title = f"{title}: {subtitle}"
    return title if isinstance(title, str) else "", abstract.strip() if isinstance(abstract, str) else ""


def plain_lines(lines: Sequence[str]) -> list[str]:
    """The lines without pandoc's own syntax, if the file has any; a caption begins with `Table` and its number."""
    found: list[str] = []
    notes: list[str] = []
    tables = noted = 0
    if not any(_DIV.fullmatch(line) or _ATTRIBUTES.search(line) for line in lines):
        return list(lines)
    lines = list(_with_pipes(lines))
    for position, line in enumerate(lines):
        text = "" if _DIV.fullmatch(line) else _ATTRIBUTES.sub("", line)
        if _CAPTION.match(text) and _is_beside_table(lines, position):
            tables += 1
            text = _CAPTION.sub(f"Table {tables}: ", text)
        while note := _NOTE.search(text):
            noted += 1
            text = f"{text[: note.start()]}[^inline{noted}]{text[note.end() :]}"
            notes += ["", f"[^inline{noted}]: {note[1]}"]
        found.append(text)
        if notes and not text.strip():
            found += [*notes[1:], ""]
            notes = []
    return [*found, *notes]


def _is_beside_table(lines: Sequence[str], position: int) -> bool:
    above = next((line for line in reversed(lines[:position]) if line.strip()), "")
    below = next((line for line in lines[position + 1 :] if line.strip()), "")
    return above.count("|") > 1 or below.count("|") > 1


def _with_pipes(lines: Sequence[str]) -> Iterator[str]:
    """The lines with simple tables, whose columns only blanks divide, as tables with pipes."""
    columns: list[tuple[int, int | None]] = []
    for position, line in enumerate(lines):
        below = lines[position + 1] if position + 1 < len(lines) else ""
        if not columns and line.strip() and "|" not in line and _RULE.fullmatch(below):
            starts = [found.start() for found in re.finditer(r"-+", below)]
            columns = list(zip([0, *starts[1:]], [*starts[1:], None], strict=True))
        elif not line.strip():
            columns = []
        if columns and _RULE.fullmatch(line):
            yield "|" + "---|" * len(columns)
        elif columns:
            yield "| " + " | ".join(line[start:end].strip() for start, end in columns) + " |"
        else:
            yield line


NO_FORMULA = "<!-- formula-not-decoded -->"
"""Stands where docling found a displayed formula but could not read it."""

_FRONT_MATTER = re.compile(r"\A\s*---\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_PAGE_FRONT_MATTER = re.compile(
    r"^---\n(?:(?:primary_language|is_rotation_valid|rotation_correction|is_table|is_diagram):[^\n]*\n)+---[ \t]*$",
    re.M,
)
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_PAGE_MARKER = re.compile(
    r"""
    \{\d+\}-{10,}                                                    # marker
    | [-=*_# \[(<]*page\s+\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?[-=*_ \])>]*
    | <page_number>[^<]*</page_number>
    | \\(?:newpage|clearpage|pagebreak)
    | <div[^<>]*page-break[^<>]*>(?:\s*</div>)?
    | (?:-\s?)?\d{1,3}(?:\s?-)?                                      # a page's number, alone in its paragraph
    | \[MISSING_PAGE[A-Z_]*(?::\d+)?\]                               # nougat
    | (?:[-*_]\s*){3,}                                               # a rule
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MISSING_PAGE = re.compile(r"\[MISSING_PAGE[A-Z_]*(?::(\d+))?\]")


@dataclass(frozen=True)
class Source:
    """What is left to read."""

    title: str
    """The title in the front matter; empty if there is none."""

    abstract: str
    """The abstract there; empty if there is none."""

    lines: tuple[str, ...]
    losses: tuple[Loss, ...]


def prepare(text: str) -> Source:
    """Split a file into its lines, and keep the title and abstract that its front matter gives."""
    front = _FRONT_MATTER.match(text)
    title, abstract = front_matter(front[1]) if front else ("", "")
    body = _PAGE_FRONT_MATTER.sub("", text[front.end() :] if front else text)
    lines = _without_comments(body).replace("\f", "\n\n").expandtabs(4).split("\n")
    missing = [page or "?" for page in _MISSING_PAGE.findall(body)]
    losses = []
    if missing:
        pages = f"page {missing[0]}" if len(missing) == 1 else f"pages {', '.join(missing)}"
        losses.append(Loss(kind="missing_pages", message=f"The converter could not read {pages} of the PDF."))
    return Source(title, abstract, tuple(plain_lines(list(_without_page_markers(lines)))), tuple(losses))


def _without_comments(text: str) -> str:
    first, *rest = text.split("<!--")
    parts = [first]
    for part in rest:
        comment, _, after = part.partition("-->")
        match comment.strip():
            case "image":
                parts.append("![](image)")
            case "formula-not-decoded":
                parts.append(f"$${NO_FORMULA}$$")
        parts.append(after)
    return "".join(parts)


def _without_page_markers(lines: list[str]) -> Iterator[str]:
    """A marker is only a marker outside fenced code and between blank lines."""
    fenced = False
    for position, line in enumerate(lines):
        fenced ^= bool(_FENCE.match(line))
        around = (*lines[max(position - 1, 0) : position], *lines[position + 1 : position + 2])
        alone = not any(each.strip() and not _PAGE_MARKER.fullmatch(each.strip()) for each in around)
        if not fenced and alone and _PAGE_MARKER.fullmatch(line.strip()):
            yield ""
        else:
            yield line


_TARGET = (
    r"(?:<[^<>\n]*>|(?:\#|https?:|ftp:|mailto:|doi:|www\.|\.{0,2}/|[\w%.-]+/|[\w%.-]+\.(?:html?|pdf|md|png|jpe?g|gif|svg)\b)"
    r"(?:[^()\s]|\([^()\s]*\))*)(?:\s+\"[^\"\n]*\")?"
)
IMAGE = re.compile(rf"!\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\((?:{_TARGET}|[^()\s]*)\)")
_LINK = re.compile(rf"(?<!\\)\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\({_TARGET}\)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_ESCAPED_BRACKET = re.compile(r"\\([\[\]()])")
_CITATION = re.compile(r"\\\[([\w\s,;+–-]{1,40})\\\]")

_KEPT = re.compile(
    r"(?P<code>(?<!`)`[^`\n]+`(?!`))"
    r"|(?<!\\)\$\$(?P<double>[^$]+)\$\$"
    r"|(?<![\\$])\$(?!\s*\$)(?P<single>(?:[^$\\]|\\.)+)\$(?!\d)"
    r"|\\\((?P<round>(?:[^\\]|\\[^()])*)\\\)"
    r"|\\\[(?P<square>(?:[^\\]|\\[^\[\]])*)\\\]",
    re.DOTALL,
)
_PLACE = re.compile("\ue000(\\d+)\ue001")

_RAISED = re.compile(r"<(su[pb])>\s*([^<>]*?)\s*</su[pb]>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|body|center|cite|code|del|details|div|dd|dl|dt|em|figcaption|figure|font|h[1-6]|header|html|i|img"
    r"|ins|kbd|li|mark|ol|p|pre|q|s|samp|section|small|span|strike|strong|su[bp]|summary|tt|u|ul|var)\b[^<>]*>",
    re.IGNORECASE,
)
_EMPHASIS = tuple(
    map(
        re.compile,
        (
            r"\*\*\*(?=\S)([^*]*[^*\s\\])\*\*\*",
            r"(?<![\w*\\])\*(?=[^\s*])([^*]*[^*\s\\])\*(?![\w*])",
            r"(?<!\\)\*\*(?=\S)([^*]*[^*\s\\])\*\*",
            r"(?<![\w\\])__(?=\S)([^_]*(?:\s[^_]*[^_\s]|[.:]))__(?!\w)",
            r"(?<![\w\\])_(?=[^\s_])([^_]*[^_\s\\])_(?!\w)",
        ),
    )
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>&~%\"':;,/=@^])")


def without_links(text: str) -> str:
    """The text with each link replaced by its words, images removed."""
    text = _AUTOLINK.sub(r"\1", IMAGE.sub("", text))
    return _LINK.sub(lambda link: _ESCAPED_BRACKET.sub(r"\1", link[1]), text)


def plain(text: str, footnotes: frozenset[str] = frozenset()) -> str:
    """The text on one line as a reader sees it; formulas stay LaTeX, between dollars.

    Args:
        text: Markdown, maybe with HTML tags.
        footnotes: the numbers of the document's footnotes; a raised number among them reads as `[^1]`.
    """
    kept: list[str] = []
    text = _CITATION.sub(_cited, without_links(text.replace("\ue000", "").replace("\ue001", "")))
    text = _KEPT.sub(_keeper(kept), text)
    text = _TAG.sub("", _BREAK.sub(" ", _RAISED.sub(lambda mark: _raised(mark[1], mark[2], footnotes), text)))
    for pattern in _EMPHASIS:
        text = pattern.sub(r"\1", text)
    text = html.unescape(_ESCAPE.sub(r"\1", text))
    return tidy(_PLACE.sub(lambda place: kept[int(place[1])], text))


def _cited(match: re.Match[str]) -> str:
    """`\\[1, 2\\]` is a citation with escaped brackets, not a displayed formula."""
    return f"[{match[1]}]" if any(map(str.isdigit, match[1])) and "=" not in match[1] else match[0]


def _keeper(kept: list[str]) -> Callable[[re.Match[str]], str]:
    def keep(match: re.Match[str]) -> str:
        formula = next((match[name] for name in ("double", "single", "round", "square") if match[name]), "")
        kept.append(match["code"] or f"${tidy(formula)}$")
        return f"\ue000{len(kept) - 1}\ue001"

    return keep


def _raised(tag: str, text: str, footnotes: frozenset[str]) -> str:
    if not text:
        return ""
    if tag.lower() == "sup" and text in footnotes:
        return f"[^{text}]"
    sign = "^" if tag.lower() == "sup" else "_"
    return sign + (text if len(text) == 1 else f"{{{text}}}")
