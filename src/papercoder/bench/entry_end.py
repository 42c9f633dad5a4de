"""How an entry ended: written to its folder, so that a complete entry is not run again."""

from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts import Artifact
from papercoder.bench.manifest.entries import Entry
from papercoder.bench.manifest.entry_digest import entry_digest
from papercoder.files.regular import delete, read_text, write

END_FILE = "entry.json"
"""In the entry's folder."""

_REPORTS = ("checking/report.json", "execution/report.json", "review/verdicts.json")
"""Observations of an earlier process that may no longer hold."""


class EntryEnd(Artifact):
    """How the latest process left an entry."""

    complete: bool = False
    reason: str = ""
    capped: bool = False
    """The budget of all entries together was spent."""


class _SavedEnd(Artifact):
    """The content of the file."""

    digest: str
    """Of the entry, so that changed inputs are noticed."""

    end: EntryEnd


def save_end(entry: Entry, end: EntryEnd) -> None:
    """Write how an entry ended.

    Raises:
        RunFolderError: its folder cannot be written.
    """
    saved = _SavedEnd(digest=entry_digest(entry), end=end)
    write(entry.folder, END_FILE, saved.model_dump_json(indent=1) + "\n")


def load_end(entry: Entry) -> EntryEnd | None:
    """How an entry ended; None if it did not start or its process was killed."""
    saved = _load(entry.folder)
    if saved and saved.end.complete and saved.digest != entry_digest(entry):
        return EntryEnd(reason="its paper, settings or judges have changed since it completed")
    return saved.end if saved else None


def clear_end(entry: Entry) -> None:
    """Delete the end and the reports of an earlier process before an entry resumes. Paid answers stay."""
    for name in (END_FILE, *_REPORTS):
        delete(entry.folder, name)


def is_complete(entry: Entry) -> bool:
    """Whether an entry with these inputs completed before."""
    end = load_end(entry)
    return end is not None and end.complete


def _load(folder: Path) -> _SavedEnd | None:
    text = read_text(folder, END_FILE)
    try:
        return _SavedEnd.model_validate_json(text) if text else None
    except ValidationError:
        return None
