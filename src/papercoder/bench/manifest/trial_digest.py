"""What a trial was asked for, as a digest: a trial that was carried through is not run again for the same."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from pydantic import JsonValue

from papercoder.agents.prompts import Prompts, names
from papercoder.bench.manifest.trials import Trial
from papercoder.runs.store import digest
from papercoder.settings import Settings

_FOR_ALL = frozenset({"max_cost", "concurrency", "requests_per_minute", "tokens_per_minute"})
_HOW_LONG = frozenset({"idle_timeout", "call_retries"})
_TEX = frozenset({".tex", ".bib", ".bbl"})


def asked(trial: Trial) -> str:
    """Equal for equal papers, settings, prompts and judges; caps and patience do not count."""
    judging = trial.judging
    return digest(
        [
            _contents(Path(trial.source)) or trial.source,
            _contents(trial.addendum),
            _shaping(trial.settings),
            judging and [judging.model_dump(mode="json", exclude={"settings"}), _shaping(judging.settings)],
            _contents(judging.rubric) if judging else [],
            _sizes(judging.gold) if judging else [],
        ]
    )


def _shaping(settings: Settings) -> list[JsonValue]:
    prompts = Prompts(settings.prompts)
    values: JsonValue = settings.model_dump(mode="json", exclude=set(_FOR_ALL | _HOW_LONG))
    return [values, [prompts.text(name) for name in names()]]


def _contents(path: Path | None) -> list[tuple[str, str]]:
    """Name and digest of each file that is meant; empty where there is none."""
    if path is None or not path.exists():
        return []
    return [(name, sha256(each.read_bytes()).hexdigest()) for name, each in sorted(_meant(path))]


def _sizes(path: Path | None) -> list[tuple[str, int]]:
    """Name and size of each file below a folder, for it may hold much."""
    return [(name, each.stat().st_size) for name, each in sorted(_below(path))] if path else []


def _meant(path: Path) -> Iterator[tuple[str, Path]]:
    """A file, and of LaTeX what stands beside it; or all of a folder."""
    if path.is_dir():
        yield from _below(path)
    elif path.suffix == ".tex":
        yield from ((each.name, each) for each in path.parent.iterdir() if each.suffix in _TEX and each.is_file())
    else:
        yield path.name, path


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files but the hidden ones."""
    for each in folder.rglob("*"):
        name = each.relative_to(folder)
        if each.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), each
