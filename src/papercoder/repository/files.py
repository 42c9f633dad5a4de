"""The files of a repository from any source, without hidden, linked, installed and huge ones."""

from pathlib import Path, PurePosixPath

from papercoder.artifacts import SourceFile
from papercoder.files.regular import file_status, is_file, read_bytes, walk

TEXTS = frozenset({".py", ".txt", ".yaml", ".yml", ".toml", ".cfg", ".sh", ".md", ".json"})
"""The file extensions that are read as text by default."""

_FOREIGN = frozenset({"__pycache__", "node_modules", "site-packages"})
_LARGEST = 200_000
"""Bytes; larger files are data."""


def read_files(repository: Path, endings: frozenset[str] = TEXTS) -> tuple[SourceFile, ...]:
    """The text files of a repository, without hidden and huge ones; none if there is no such folder."""
    return tuple(
        SourceFile(path=path, text=content.decode(errors="replace"))
        for path in own_files(repository)
        if PurePosixPath(path).suffix in endings and (content := _content(repository, path)) is not None
    )


def own_files(repository: Path) -> tuple[str, ...]:
    """The paths of the files that are not hidden, not linked, and not part of an environment or a cache."""

    def is_own(folder: PurePosixPath) -> bool:
        is_foreign = folder.name.startswith(".") or folder.name in _FOREIGN
        return not is_foreign and not is_file(repository, f"{folder}/pyvenv.cfg")

    if is_file(repository, "pyvenv.cfg"):
        return ()
    return tuple(str(path) for path in sorted(walk(repository, enters=is_own)) if not path.name.startswith("."))


def _content(repository: Path, path: str) -> bytes | None:
    status = file_status(repository, path)
    return read_bytes(repository, path) if status and status.st_size <= _LARGEST else None
