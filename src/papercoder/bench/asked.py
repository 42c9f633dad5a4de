"""What a trial was asked for, as a digest: a trial that was carried through is not run again for the same."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue

from papercoder.bench.trials import Trial
from papercoder.prompts import Prompts, names
from papercoder.settings import Settings
from papercoder.store import digest

_FOR_ALL = frozenset({"max_cost", "concurrency", "requests_per_minute", "tokens_per_minute"})
_HOW_LONG = frozenset({"call_timeout", "call_retries"})
_TEX = frozenset({".tex", ".bib", ".bbl"})

_Contents = list[list[JsonValue]]


def asked(trial: Trial) -> str:
    """Equal for equal papers, settings, prompts and judges; caps and patience do not count."""
    return digest(
        [
            _contents(Path(trial.source)) or trial.source,
            _contents(trial.addendum),
            _shaping(trial.settings),
            trial.judging,
            [_contents(path) for path in (trial.judging.gold, trial.judging.rubric)] if trial.judging else [],
        ]
    )


def _shaping(settings: Settings) -> list[JsonValue]:
    prompts = Prompts(settings.prompts)
    values: JsonValue = settings.model_dump(mode="json", exclude=set(_FOR_ALL | _HOW_LONG))
    return [values, [prompts.text(name) for name in names()]]


def _contents(path: Path | None) -> _Contents:
    """Name, size and time of each file that is meant; empty where there is none."""
    if path is None or not path.exists():
        return []
    return [[name, each.stat().st_size, each.stat().st_mtime_ns] for name, each in sorted(_meant(path))]


def _meant(path: Path) -> Iterator[tuple[str, Path]]:
    """A file; of LaTeX also what stands beside it; of a folder all but what is hidden."""
    if path.is_file():
        yield path.name, path
    beside = path.parent.iterdir() if path.suffix == ".tex" else path.rglob("*") if path.is_dir() else ()
    for each in beside:
        name = each.relative_to(path if path.is_dir() else path.parent)
        hidden = any(part.startswith(".") for part in name.parts)
        if each.is_file() and not hidden and (path.is_dir() or each.suffix in _TEX):
            yield name.as_posix(), each
