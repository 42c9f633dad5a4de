"""The temporary copy of a repository that generated code runs in, and reading files from it."""

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from papercoder.errors import SandboxError

RESULTS = "results.json"
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "venv", "__pycache__", ".pytest_cache", RESULTS)
_TRIALS = "results"
"""The folder of the results of single trials. With those of an earlier run, nothing would run."""


@asynccontextmanager
async def temporary_copy(repository: Path) -> AsyncIterator[Path]:
    """A temporary copy without git history, environments and earlier results; links stay links.

    Raises:
        SandboxError: it cannot be copied.
    """
    parent = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="papercoder-"))
    try:
        yield await asyncio.to_thread(_copy, repository, parent / "repository")
    finally:
        await delete_folder(parent)


def _copy(repository: Path, folder: Path) -> Path:
    def left_out(parent: str, names: list[str]) -> set[str]:
        earlier = Path(parent).is_relative_to(repository / _TRIALS)
        return {*_LEFT_OUT(parent, names), *(name for name in names if earlier and name.endswith(".json"))}

    try:
        shutil.copytree(repository, folder, symlinks=True, ignore=left_out)
    except OSError as error:
        raise SandboxError(f"{repository} could not be copied to {folder} to be run there: {error}.") from error
    return folder


async def delete_folder(folder: Path) -> None:
    """Delete a folder; generated code may have nested it too deep for Python, or removed permissions."""
    for argv in (("chmod", "-R", "u+rwx", "--", str(folder)), ("rm", "-rf", "--", str(folder))):
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await process.wait()


def read_untrusted_file(folder: Path, name: str, most: int = 1 << 20) -> str | None:
    """The text of a regular file directly in a folder; None if it is missing, not UTF-8, or a link, pipe or folder.

    Args:
        folder: may contain anything, since generated code wrote to it.
        name: the file's name.
        most: bytes; a longer file is not read.
    """
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        content = _content(descriptor, most)
    finally:
        os.close(descriptor)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _content(descriptor: int, most: int) -> bytes | None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        content = file.read(most + 1)
    return content if len(content) <= most else None
