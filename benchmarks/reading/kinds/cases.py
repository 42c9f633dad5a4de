"""All generated inputs; each format adds its own module."""

from collections.abc import Iterator

from benchmarks.reading.kinds import html, latex, markdown, pdf, xml
from benchmarks.reading.kinds.case import Case


def cases() -> Iterator[Case]:
    """The cases of every format."""
    yield from latex.cases()
    yield from markdown.cases()
    yield from html.cases()
    yield from xml.cases()
    yield from pdf.cases()
