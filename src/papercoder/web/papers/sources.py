"""Sources of papers on the page: an upload, arXiv, or a file in the runs folder."""

import os
from hashlib import sha256
from pathlib import Path, PurePath
from re import ASCII, sub
from typing import get_args

from papercoder.errors import PaperError
from papercoder.files.regular import write
from papercoder.operations.example import example
from papercoder.paper.arxiv import parse_id
from papercoder.paper.sniffing import Kind, kind_of
from papercoder.web.runs.folder import UPLOAD, UPLOADS, RunsFolder

_KINDS: frozenset[Kind] = frozenset(get_args(Kind)) - {"lfs", "empty", "binary", "text"}


def source_of(runs_folder: RunsFolder, text: str) -> str:
    """The source of a run for the text that the user typed.

    Raises:
        PaperError: it is neither an arXiv id nor a file that may be read.
    """
    typed = text.strip()
    if not typed:
        raise PaperError("Drop a paper here, or type an arXiv id such as 1706.03762.")
    if number := parse_id(typed):
        return str(number)
    bundled = example()
    allowed_folders = (runs_folder.root, *((bundled.folder.resolve(),) if bundled else ()))
    found = Path(os.path.realpath(runs_folder.root / typed)) if "\0" not in typed else Path("/")
    if not any(found.is_relative_to(folder) for folder in allowed_folders):
        raise PaperError(
            f"{typed[:120]!r} is not an arXiv id, and files are only read from {runs_folder.root}. "
            "Drop the paper here instead."
        )
    if not os.path.exists(found):  # noqa: PTH110  Path.exists raises for names that are too long
        raise PaperError(
            f"{typed[:120]!r} is not an arXiv id, and {runs_folder.root} has no such file. Drop the paper here instead."
        )
    return str(found)


def store_upload(runs_folder: RunsFolder, name: str, data: bytes) -> str:
    """Store an uploaded paper beside the runs; returns its path in the runs folder.

    Raises:
        PaperError: it is too large, or not a paper of a known kind.
        RunFolderError: it cannot be written.
    """
    if len(data) > UPLOAD:
        raise PaperError(f"{_safe_name(name)} is larger than {UPLOAD // 2**20} MiB. Upload the paper itself.")
    kind = kind_of(data, PurePath(name).name)
    if kind not in _KINDS:
        raise PaperError(
            f"{_safe_name(name)} is not a paper of a known kind. Upload a PDF, LaTeX (as packed by arXiv), HTML, "
            "Markdown, S2ORC JSON, TEI or JATS."
        )
    path = f"{UPLOADS}/{sha256(data).hexdigest()[:12]}/{_safe_name(name)}"
    write(runs_folder.root, path, data)
    return path


def _safe_name(name: str) -> str:
    """A safe file name made from the uploaded one."""
    last = PurePath(name.replace("\\", "/")).name
    return sub(r"[^\w.-]+", "-", last, flags=ASCII).lstrip(".-")[-80:].lstrip(".-") or "paper"
