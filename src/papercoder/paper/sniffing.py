"""The kind of a file, from its content; its name only decides between kinds of plain text."""

import re
from pathlib import PurePath
from typing import Literal

from papercoder.paper.archive import is_tar

Kind = Literal[
    "pdf", "gzip", "zip", "tar", "html", "tei", "jats", "s2orc", "latex", "markdown", "lfs", "empty", "binary", "text"
]

_HEAD = 64 * 1024
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"version https://git-lfs", "lfs"),
)
_BY_SUFFIX: dict[str, Kind] = {
    ".tex": "latex",
    ".ltx": "latex",
    ".latex": "latex",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mmd": "markdown",
    ".txt": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_LATEX = re.compile(
    rb"\\documentclass|\\documentstyle|\\begin\{(?:document|abstract)\}|^\s*\\(?:title|section)\b", re.M
)
_MARKDOWN = re.compile(rb"^#{1,6} \S|^\$\$", re.M)
_HTML = re.compile(rb"<!doctype html|<html\b", re.I)
_TEI = re.compile(rb"<TEI\b")
_JATS = re.compile(
    rb"<article\b[^>]*>\s*(?:<!--.*?-->\s*|<processing-meta\b.*?</processing-meta>\s*)*<front\b"
    rb"|<!DOCTYPE\s+article\b|-//NLM//DTD|<article-meta\b",
    re.S | re.I,
)


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a file with this content and this name."""
    head = data[:_HEAD]
    if not head.strip():
        return "empty"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    magic = next((kind for sign, kind in _MAGIC if head.startswith(sign)), None)
    if magic or is_tar(data):
        return magic or "tar"
    return "binary" if _is_binary(head) else _text_kind(head, name)


def _is_binary(head: bytes) -> bool:
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _text_kind(head: bytes, name: str) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") and re.match(rb'\{\s*"', start):
        return "s2orc"
    if start.startswith(b"<") and _TEI.search(head):
        return "tei"
    if start.startswith(b"<") and _JATS.search(head) and not _HTML.search(start[:4096]):
        return "jats"
    by_name = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    if by_name and not (by_name == "latex" and start.startswith(b"<")):
        return by_name
    if _HTML.search(start[:4096]):
        return "html"
    if _LATEX.search(head):
        return "latex"
    return "markdown" if _MARKDOWN.search(head) else "text"
