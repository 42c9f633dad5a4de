"""The lines of a Markdown file, without front matter, comments and page markers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from papercoder.artifacts import Loss
from papercoder.paper.markdown.pandoc import front_matter, plain_lines

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
