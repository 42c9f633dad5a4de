"""How a trial ended: written when it does, so that what was carried through is not run again."""

from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts import Artifact
from papercoder.bench.manifest.trial_digest import asked
from papercoder.bench.manifest.trials import Trial
from papercoder.runs.folder import read_text
from papercoder.runs.store import write_synced

ENDING = "trial.json"
"""The file, in the folder of the trial."""

_NOTES = ("checking/report.json", "execution/report.json", "review/verdicts.json")
"""What was seen at the end of an earlier process, and may hold no longer."""


class Ending(Artifact):
    """How the latest process left a trial."""

    complete: bool = False
    reason: str = ""
    capped: bool = False


class _Kept(Artifact):
    """An ending, and what had been asked for."""

    asked: str
    ending: Ending


def keep(trial: Trial, ending: Ending) -> None:
    """Write down how a trial ended.

    Raises:
        RunFolderError: its folder cannot be written.
    """
    kept = _Kept(asked=asked(trial), ending=ending)
    write_synced(trial.folder / ENDING, kept.model_dump_json(indent=1) + "\n")


def ending_of(trial: Trial) -> Ending | None:
    """How a trial ended; None where it was not begun, or its process was killed."""
    kept = _kept(trial.folder)
    if kept and kept.ending.complete and kept.asked != asked(trial):
        return Ending(reason="its paper, its settings or its judges have changed since it was carried through")
    return kept.ending if kept else None


def forget(trial: Trial) -> None:
    """Delete what was noted at an earlier end, for the trial goes on; what was paid for stays."""
    for name in (ENDING, *_NOTES):
        (trial.folder / name).unlink(missing_ok=True)


def is_complete(trial: Trial) -> bool:
    """Was this very trial carried through before?"""
    ending = ending_of(trial)
    return ending is not None and ending.complete


def _kept(folder: Path) -> _Kept | None:
    text = read_text(folder / ENDING)
    try:
        return _Kept.model_validate_json(text) if text else None
    except ValidationError:
        return None
