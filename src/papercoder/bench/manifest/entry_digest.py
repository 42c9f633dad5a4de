"""A digest of an entry's inputs: a complete entry is not run again if they are the same."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from pydantic import JsonValue

from papercoder.agents.prompts import Prompts, names
from papercoder.bench.manifest.entries import Entry
from papercoder.runs.folder import digest
from papercoder.settings import Settings

_IGNORED = frozenset(
    {"max_cost", "concurrency", "requests_per_minute", "tokens_per_minute", "idle_timeout", "call_retries"}
)
"""Limits do not change what an entry produces."""

_TEX = frozenset({".tex", ".bib", ".bbl"})


def entry_digest(entry: Entry) -> str:
    """Equal for equal papers, settings, prompts, judges and reproductions; limits and time-outs do not count."""
    spec = entry.evaluation
    return digest(
        [
            _contents(Path(entry.source)) or entry.source,
            _contents(entry.addendum),
            _settings(entry.settings),
            spec and [spec.model_dump(mode="json", exclude={"settings"}), _settings(spec.settings)],
            _contents(spec.rubric) if spec else [],
            _sizes(spec.gold) if spec else [],
            entry.reproduction.model_dump(mode="json") if entry.reproduction else None,
        ]
    )


def _settings(settings: Settings) -> list[JsonValue]:
    prompts = Prompts(settings.prompts)
    values: JsonValue = settings.model_dump(mode="json", exclude=set(_IGNORED))
    return [values, [prompts.text(name) for name in names()]]


def _contents(path: Path | None) -> list[tuple[str, str]]:
    """Name and digest of each input file; empty if there is none."""
    if path is None or not path.exists():
        return []
    return [(name, sha256(file.read_bytes()).hexdigest()) for name, file in sorted(_input_files(path))]


def _sizes(path: Path | None) -> list[tuple[str, int]]:
    """Name and size of each file below a folder, which may be too large to hash."""
    return [(name, file.stat().st_size) for name, file in sorted(_files_below(path))] if path else []


def _input_files(path: Path) -> Iterator[tuple[str, Path]]:
    """A file, for LaTeX also its neighbours; or all files of a folder."""
    if path.is_dir():
        yield from _files_below(path)
    elif path.suffix == ".tex":
        yield from ((file.name, file) for file in path.parent.iterdir() if file.suffix in _TEX and file.is_file())
    else:
        yield path.name, path


def _files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files except hidden ones."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), path
