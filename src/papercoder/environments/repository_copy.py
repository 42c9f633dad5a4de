"""The temporary copy of a repository that generated code runs in, and reports of our own scripts from inside it."""

import asyncio
import secrets
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from papercoder.errors import RunFolderError, SandboxError
from papercoder.files.regular import read_text
from papercoder.files.temporary import delete_tree, new_temporary_folder
from papercoder.runs.folder import is_outside

RESULTS = "results.json"
_LEFT_OUT = frozenset({".git", ".venv", "venv", "__pycache__", ".pytest_cache", RESULTS})
_TRIALS = "results"
"""The folder of the results of single trials. With those of an earlier run, nothing would run."""


@asynccontextmanager
async def temporary_copy(repository: Path) -> AsyncIterator[Path]:
    """A temporary copy without git history, environments, earlier results and links that lead out of the repository.

    Links within the repository stay links.

    Raises:
        SandboxError: it cannot be copied.
    """
    parent = await asyncio.to_thread(new_temporary_folder)
    try:
        yield await asyncio.to_thread(_copy, repository, parent / "repository")
    finally:
        await delete_folder(parent)


def _copy(repository: Path, folder: Path) -> Path:
    def left_out(parent: str, names: list[str]) -> set[str]:
        """What the code does not need, earlier results, links that lead out, and pipes, sockets and devices."""
        earlier = Path(parent).is_relative_to(repository / _TRIALS)
        return {
            name
            for name in names
            if name in _LEFT_OUT
            or (earlier and name.endswith((".json", ".npy")))
            or _is_special(Path(parent, name), repository)
        }

    try:
        shutil.copytree(repository, folder, symlinks=True, ignore=left_out)
    except OSError as error:
        raise SandboxError(f"{repository} could not be copied to {folder} to be run there: {error}.") from error
    except RecursionError as error:
        raise SandboxError(f"{repository} could not be copied, because its folders are nested too deep.") from error
    return folder


def _is_special(path: Path, repository: Path) -> bool:
    kind = stat.S_IFMT(path.lstat().st_mode)
    if kind == stat.S_IFLNK:
        return path.readlink().is_absolute() or is_outside(path, repository)
    return kind not in {stat.S_IFREG, stat.S_IFDIR}


async def delete_folder(folder: Path) -> None:
    """Delete a folder; generated code may have nested it too deep for Python, or removed permissions."""
    await asyncio.to_thread(delete_tree, folder)


def read_untrusted_file(folder: Path, name: str, most: int = 1 << 20) -> str | None:
    """The text of a file that generated code may have written; None if it is not a regular UTF-8 file of this size."""
    try:
        return read_text(folder, name, most)
    except RunFolderError:
        return None


_NONCE, _REPORT = ".papercoder-nonce", ".papercoder-report"
_MOST_BYTES = 16 << 20

FILES = (_NONCE, _REPORT)
"""The first arguments of a script: where it finds the nonce and where it writes its report."""


class ScriptReport(BaseModel):
    """The outcomes that a script observed."""

    nonce: str
    complete: bool
    """False if what it observed cannot be trusted."""

    outcomes: dict[str, str]
    """Test or module -> `passed`, `failed` or `skipped`."""


def script(path: Path, *arguments: str) -> tuple[str, ...]:
    """The command that runs one of our scripts, without modules of the working directory on its path."""
    return "python", "-P", "-c", path.read_text(encoding="utf-8"), *FILES, *arguments


def write_nonce(folder: Path) -> str:
    """Write a new nonce for the next script; scripts delete it before they import code of the repository."""
    nonce = secrets.token_hex(16)
    (folder / _REPORT).unlink(missing_ok=True)
    (folder / _NONCE).unlink(missing_ok=True)
    (folder / _NONCE).write_text(nonce, encoding="ascii")
    return nonce


def read_report(folder: Path, nonce: str) -> ScriptReport | None:
    """The report of the script that was given this nonce; None if it wrote none."""
    text = read_untrusted_file(folder, _REPORT, _MOST_BYTES)
    try:
        report = ScriptReport.model_validate_json(text or "")
    except ValidationError:
        return None
    return report if secrets.compare_digest(report.nonce.encode(), nonce.encode()) else None
