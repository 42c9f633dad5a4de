"""The files of a repository from any source, without hidden, linked, installed and huge ones."""

from collections.abc import Iterator
from pathlib import Path

from papercoder.artifacts import SourceFile

TEXTS = frozenset({".py", ".txt", ".yaml", ".yml", ".toml", ".cfg", ".sh", ".md", ".json"})
"""The file extensions that are read as text by default."""

_FOREIGN = frozenset({"__pycache__", "node_modules", "site-packages"})
_LARGEST = 200_000
"""Bytes; larger files are data."""


def read_files(repository: Path, endings: frozenset[str] = TEXTS) -> tuple[SourceFile, ...]:
    """The text files of a repository, without hidden and huge ones; none if there is no such folder."""
    paths = (path for path in own_files(repository) if path.suffix in endings and path.stat().st_size <= _LARGEST)
    return tuple(
        SourceFile(
            path=path.relative_to(repository).as_posix(), text=path.read_text(encoding="utf-8", errors="replace")
        )
        for path in paths
    )


def own_files(repository: Path) -> Iterator[Path]:
    """The files of a repository that are not hidden, not linked, and not part of an environment or a cache."""
    return (path for path in sorted(repository.rglob("*")) if _is_own(path, repository))


def _is_own(path: Path, repository: Path) -> bool:
    parts = path.relative_to(repository).parts
    foreign = any(part.startswith(".") or part in _FOREIGN for part in parts) or _in_environment(path, repository)
    return not foreign and path.is_file() and not path.is_symlink()


def _in_environment(path: Path, repository: Path) -> bool:
    above = path.relative_to(repository).parents
    return any((repository / folder / "pyvenv.cfg").exists() for folder in above)
