"""Runs the extraction in a process of its own and turns its failures into sentences for the user."""

import subprocess
import sys
from pathlib import Path

from pydantic import TypeAdapter

from papercoder.errors import PaperError
from papercoder.paper.pdf import extract
from papercoder.paper.pdf.extract import RawDocument

MOST_PAGES = 200
"""More is a book; no paper with its appendices was seen to have more."""

TIME_LIMIT = 120.0
"""Seconds for one file."""

_RAW = TypeAdapter(RawDocument)


def raw_document(path: Path) -> RawDocument:
    """What the parsers see in the file.

    Raises `PaperError` where the file is missing, is no PDF, is encrypted with a user password, is damaged or
    truncated, has no page or more than `MOST_PAGES`, or breaks the parsers.
    """
    _check_magic(path)
    command = [sys.executable, "-P", extract.__file__, str(path.resolve()), str(MOST_PAGES)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise PaperError(f"{path}: reading it took more than {TIME_LIMIT:.0f} s; save it anew as a PDF.") from error
    if done.returncode:
        raise PaperError(
            f"{path}: the file breaks the PDF parser (exit {done.returncode}); save it anew as a PDF, "
            "or give the paper's LaTeX source."
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
        raise PaperError(f"{path}: this is not a PDF, for its first bytes do not say %PDF-; check what was downloaded.")


def _sentence(path: Path, document: RawDocument) -> str:
    match document.problem:
        case "password":
            return f"{path}: the PDF is encrypted and opens only with a password; save a copy without one."
        case "empty":
            return f"{path}: the PDF has no pages; fetch it again."
        case "long":
            return (
                f"{path}: {document.page_count} pages are more than a paper has (the limit is {MOST_PAGES}); "
                "extract the pages of the paper into a file of their own."
            )
        case _ if not _ends_properly(path):
            return f"{path}: the PDF is truncated, for its end is missing; fetch it again."
        case _:
            return f"{path}: the PDF is damaged and cannot be opened; fetch it again or save it anew."


def _ends_properly(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2048))
        return b"%%EOF" in file.read()
