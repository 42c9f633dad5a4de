"""Runs the extraction in a separate process, turns its failures into sentences for the user, and restores ligatures."""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from papercoder.errors import PaperError
from papercoder.paper.pdf import extract
from papercoder.paper.pdf.extract import RawDocument, RawPage

_T1 = str.maketrans({"\x1b": "ff", "\x1c": "fi", "\x1d": "fl", "\x1e": "ffi", "\x1f": "ffl"})
_CODED = re.compile(r"[^\W\d_]*[\x1b-\x1f][^\W\d_\x1b-\x1f]*")
_WORD = re.compile(r"[^\W\d_]+")


def with_ligatures(raw: RawDocument) -> RawDocument:
    """The document with its ligatures spelled out."""
    return replace(raw, pages=[_page(page) for page in raw.pages])


def _page(page: RawPage) -> RawPage:
    coded = sorted({word for word in _CODED.findall(page.plain) if len(word) > 2})
    if not coded:
        return page
    right = set(_WORD.findall(page.plain))
    rules = [(re.compile(re.sub(r"[\x1b-\x1f]", "[^\\\\W\\\\d_]{1,3}", word)), word.translate(_T1)) for word in coded]

    def spelt(found: re.Match[str]) -> str:
        return found[0] if found[0] in right else _spelling(found[0], rules)

    words = [replace(word, text=_WORD.sub(spelt, word.text)) for word in page.words]
    return replace(page, words=words, plain=page.plain.translate(_T1))


def _spelling(word: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> str:
    return next((spelling for pattern, spelling in rules if pattern.fullmatch(word)), word)


MOST_PAGES = 200
"""A file with more pages is a book."""

TIME_LIMIT = 120.0
"""Seconds for one file."""

_RAW = TypeAdapter(RawDocument)


def raw_document(path: Path, upright: Path) -> RawDocument:
    """What the parsers see in the file.

    Args:
        path: the PDF.
        upright: where to save a copy if pages must be rotated to make their text upright. The result then describes
            the copy.

    Raises:
        PaperError: the file is missing, is not a PDF, is encrypted with a user password, is damaged or truncated, has
            no pages or more than `MOST_PAGES`, or crashes the parsers.
    """
    _check_magic(path)
    command = [sys.executable, "-P", extract.__file__, str(path.resolve()), str(MOST_PAGES), str(upright)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise PaperError(f"{path}: reading took more than {TIME_LIMIT:.0f} s; save the file as a new PDF.") from error
    if done.returncode:
        raise PaperError(
            f"{path}: the file crashes the PDF parser (exit {done.returncode}); save it as a new PDF, "
            "or use the paper's LaTeX source."
        )
    document = _RAW.validate_json(done.stdout)
    if document.problem:
        raise PaperError(_sentence(path, document))
    return document


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise PaperError(f"{path}: the file cannot be read ({error.strerror}).") from error
    if head.startswith(b"version https://git-lfs"):
        raise PaperError(f"{path}: this is a Git LFS pointer and not the PDF itself; run `git lfs pull` to fetch it.")
    if b"%PDF-" not in head:
        raise PaperError(f"{path}: this is not a PDF (its first bytes lack %PDF-); check what was downloaded.")


def _sentence(path: Path, document: RawDocument) -> str:
    match document.problem:
        case "password":
            return f"{path}: the PDF is encrypted and opens only with a password; save a copy without one."
        case "empty":
            return f"{path}: the PDF has no pages; download it again."
        case "long":
            return (
                f"{path}: the PDF has {document.page_count} pages, more than a paper (the limit is {MOST_PAGES}); "
                "save the paper's pages as a separate file."
            )
        case _ if not _ends_properly(path):
            return f"{path}: the PDF is truncated (its end is missing); download it again."
        case _:
            return f"{path}: the PDF is damaged and cannot be opened; download it again or save it as a new PDF."


def _ends_properly(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2048))
        return b"%%EOF" in file.read()
