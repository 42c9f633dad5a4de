"""What a run has to be read: its report, and its paper with the words of requirements marked."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from papercoder.artifacts import Paper
from papercoder.paper.fidelity import suspicions
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.report import Report, load
from papercoder.runs import folder as run_folder
from papercoder.web.parts.paper_text import Printed, paper_html
from papercoder.web.parts.tabs import address


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
    if paper is None:
        return Text(report, None)
    needs = (item.requirement for item in report.requirements)
    return Text(report, paper_html(paper, needs, _printed(folder, paper)))


def _printed(folder: Path, paper: Paper) -> dict[str, Printed]:
    """The title, tables and all places that may be wrong, as far as there is a picture or a suspicion."""
    messages: dict[str, list[str]] = {}
    for loss in suspicions(paper):
        if loss.anchor:
            messages.setdefault(loss.anchor, []).append(loss.message)
    pages = {place.anchor: place.page for place in paper.places}
    shown = {}
    for anchor in ["title", *(table.anchor for table in paper.tables), *messages]:
        name = picture_name(anchor)
        picture = address(folder.name, f"{FOLDER}/{name}") if (folder / FOLDER / name).is_file() else ""
        if picture or anchor in messages:
            correction = address(folder.name, "correct", at=anchor)
            shown[anchor] = Printed(picture, pages.get(anchor), tuple(messages.get(anchor, ())), correction)
    return shown
