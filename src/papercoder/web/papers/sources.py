"""Sources of papers on the page: an upload, an id, an address or a file in the runs folder, read in another process."""

import asyncio
import os
import sys
from hashlib import sha256
from pathlib import Path, PurePath
from re import ASCII, sub
from typing import get_args

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.files.regular import write
from papercoder.files.temporary import temporary_folder
from papercoder.operations.example import example
from papercoder.paper.addresses import online_source
from papercoder.paper.sniffing import Kind, kind_of
from papercoder.web.runs.folder import UPLOAD, UPLOADS, RunsFolder

_COMMAND = "from papercoder.cli import main; main()"
_TIMEOUT = 600.0
"""Seconds, including downloads."""


async def read_in_process(source: str | Path) -> Paper:
    """Read a paper, as `papercoder read` does.

    Raises:
        PaperError: it cannot be read.
    """
    with temporary_folder() as folder:
        file = folder / "paper.json"
        stderr = await _run("read", "--json", "-o", str(file), "--", str(source))
        if not file.is_file():
            raise PaperError(_error_message(stderr) or f"{source} could not be read: the reader process crashed.")
        return Paper.model_validate_json(await asyncio.to_thread(file.read_bytes))


async def _run(*arguments: str) -> str:
    """The command's standard error. The process is killed if this is cancelled."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        _COMMAND,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, stderr = await asyncio.wait_for(child.communicate(), _TIMEOUT)
    except TimeoutError as error:
        raise PaperError(f"{arguments[-1]} could not be read within {_TIMEOUT / 60:.0f} minutes.") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return stderr.decode("utf-8", "replace")


def _error_message(stderr: str) -> str:
    """The last error message of the command."""
    lines = [line.removeprefix("papercoder: ") for line in stderr.splitlines() if line.startswith("papercoder: ")]
    return lines[-1] if lines else ""


_KINDS: frozenset[Kind] = frozenset(get_args(Kind)) - {"lfs", "empty", "binary", "text"}


def source_of(runs_folder: RunsFolder, text: str) -> str:
    """The source of a run for the text that the user typed.

    Raises:
        PaperError: it is neither an id or an address of a paper nor a file that may be read.
    """
    typed = text.strip()
    if not typed:
        raise PaperError(
            "Drop a paper here, or type an arXiv id such as 1706.03762, a DOI, or an address of OpenReview."
        )
    if online := online_source(typed):
        return online
    bundled = example()
    allowed_folders = (runs_folder.root, *((bundled.folder.resolve(),) if bundled else ()))
    found = Path(os.path.realpath(runs_folder.root / typed)) if "\0" not in typed else Path("/")
    if not any(found.is_relative_to(folder) for folder in allowed_folders):
        raise PaperError(
            f"{typed[:120]!r} is not an id or address that leads to a paper, and files are only read from the runs "
            "folder. Drop the paper here instead."
        )
    if not os.path.exists(found):  # noqa: PTH110  Path.exists raises for names that are too long
        raise PaperError(
            f"{typed[:120]!r} is not an id or address that leads to a paper, and the runs folder has no such file. "
            "Drop the paper here instead."
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
