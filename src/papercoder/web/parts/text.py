"""What a run has to be read: its report, and its paper with the words of requirements marked."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from papercoder.artifacts import Paper
from papercoder.report import Report, load
from papercoder.runs import folder as run_folder
from papercoder.web.parts.paper_text import paper_html


@dataclass(frozen=True)
class Text:
    """A run's result as far as it is."""

    report: Report
    paper: Markup | None
    """Drawn; None where it was not read yet."""


def gather(folder: Path) -> Text:
    """Read a run folder, and draw its paper.

    Raises:
        RunFolderError: it is not a run folder, or cannot be read.
        ArtifactError: `paper.json` was edited and no longer fits.
    """
    paper = run_folder.load(folder, "paper.json", Paper) if (folder / "paper.json").is_file() else None
    report = load(folder)
    return Text(report, paper_html(paper, (item.requirement for item in report.requirements)) if paper else None)
