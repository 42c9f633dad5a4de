"""Where a paper may come from on the page: an upload, arXiv, or a file below the folder of runs."""

import os
from hashlib import sha256
from pathlib import Path, PurePath
from re import ASCII, sub
from typing import get_args

from papercoder.errors import PaperError, RunFolderError
from papercoder.operations.example import example
from papercoder.paper.arxiv import parse_id
from papercoder.paper.sniffing import Kind, kind_of
from papercoder.runs.folder import is_outside
from papercoder.runs.store import write_failure
from papercoder.web.runs.folder import UPLOAD, UPLOADS, Shelf

_KINDS: frozenset[Kind] = frozenset(get_args(Kind)) - {"lfs", "empty", "binary", "text"}


def source_of(shelf: Shelf, text: str) -> str:
    """What a run is given as its paper for what was typed.

    Raises:
        PaperError: it is not an arXiv id, and no file that may be read from here.
    """
    typed = text.strip()
    if not typed:
        raise PaperError("Drop a paper here, or type an arXiv id such as 1706.03762.")
    if number := parse_id(typed):
        return str(number)
    bundled = example()
    allowed = (shelf.root, *((bundled.folder.resolve(),) if bundled else ()))
    found = Path(os.path.realpath(shelf.root / typed)) if "\0" not in typed else Path("/")
    if not any(found.is_relative_to(place) for place in allowed):
        raise PaperError(
            f"{typed[:120]!r} is not an arXiv id, and files are only read from {shelf.root}. "
            "Drop the paper here instead."
        )
    if not os.path.exists(found):  # noqa: PTH110  also of what is too long for a name
        raise PaperError(
            f"{typed[:120]!r} is not an arXiv id, and {shelf.root} has no such file. Drop the paper here instead."
        )
    return str(found)


def keep_upload(shelf: Shelf, name: str, data: bytes) -> str:
    """Keep an uploaded paper beside the runs; return what to type for it.

    Raises:
        PaperError: it is too large, or no paper of a known kind.
        RunFolderError: it cannot be written.
    """
    if len(data) > UPLOAD:
        raise PaperError(f"{_plain(name)} is larger than {UPLOAD // 2**20} MiB. Upload the paper itself.")
    kind = kind_of(data, PurePath(name).name)
    if kind not in _KINDS:
        raise PaperError(
            f"{_plain(name)} is no paper of a known kind; give a PDF, LaTeX (as arXiv packs it), HTML, Markdown, S2ORC "
            "JSON, TEI or JATS."
        )
    path = shelf.root / UPLOADS / sha256(data).hexdigest()[:12] / _plain(name)
    if is_outside(path, shelf.root):
        raise RunFolderError(f"{shelf.root / UPLOADS} is a link to another folder. Nothing was written.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise RunFolderError(write_failure(path, error)) from error
    return path.relative_to(shelf.root).as_posix()


def _plain(name: str) -> str:
    """A file name of ours that tells of theirs."""
    last = PurePath(name.replace("\\", "/")).name
    return sub(r"[^\w.-]+", "-", last, flags=ASCII).lstrip(".-")[-80:].lstrip(".-") or "paper"
