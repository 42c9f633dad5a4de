"""What a run has to be read: its report, and its paper as it was parsed."""

from dataclasses import dataclass
from pathlib import Path

from papercoder import run
from papercoder.artifacts import Paper
from papercoder.report import Report, load


@dataclass(frozen=True)
class Text:
    """A run's result as far as it is."""

    report: Report
    paper: Paper | None
    """None where it was not read yet."""


def gather(folder: Path) -> Text:
    """Read a run folder.

    Raises:
        RunFolderError: it is no run folder, or cannot be read.
        ArtifactError: `paper.json` was edited and no longer fits.
    """
    paper = run.load(folder, "paper.json", Paper) if (folder / "paper.json").is_file() else None
    return Text(load(folder), paper)
