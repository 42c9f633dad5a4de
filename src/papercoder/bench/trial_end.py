"""How a trial ended: written to its folder, so that a complete trial is not run again."""

from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts import Artifact
from papercoder.bench.manifest.trial_digest import trial_digest
from papercoder.bench.manifest.trials import Trial
from papercoder.files.regular import delete, read_text, write

END_FILE = "trial.json"
"""In the trial's folder."""

_REPORTS = ("checking/report.json", "execution/report.json", "review/verdicts.json")
"""Observations of an earlier process that may no longer hold."""


class TrialEnd(Artifact):
    """How the latest process left a trial."""

    complete: bool = False
    reason: str = ""
    capped: bool = False
    """The budget of all trials together was spent."""


class _SavedEnd(Artifact):
    """The content of the file."""

    digest: str
    """Of the trial, so that changed inputs are noticed."""

    end: TrialEnd


def save_end(trial: Trial, end: TrialEnd) -> None:
    """Write how a trial ended.

    Raises:
        RunFolderError: its folder cannot be written.
    """
    saved = _SavedEnd(digest=trial_digest(trial), end=end)
    write(trial.folder, END_FILE, saved.model_dump_json(indent=1) + "\n")


def load_end(trial: Trial) -> TrialEnd | None:
    """How a trial ended; None if it did not start or its process was killed."""
    saved = _load(trial.folder)
    if saved and saved.end.complete and saved.digest != trial_digest(trial):
        return TrialEnd(reason="its paper, settings or judges have changed since it completed")
    return saved.end if saved else None


def clear_end(trial: Trial) -> None:
    """Delete the end and the reports of an earlier process before a trial resumes. Paid answers stay."""
    for name in (END_FILE, *_REPORTS):
        delete(trial.folder, name)


def is_complete(trial: Trial) -> bool:
    """Whether a trial with these inputs completed before."""
    end = load_end(trial)
    return end is not None and end.complete


def _load(folder: Path) -> _SavedEnd | None:
    text = read_text(folder, END_FILE)
    try:
        return _SavedEnd.model_validate_json(text) if text else None
    except ValidationError:
        return None
