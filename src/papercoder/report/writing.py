"""Writes the report into the run folder."""

from pathlib import Path

from papercoder.report.gathering import load
from papercoder.report.model import Report
from papercoder.report.rendering import to_html, to_markdown
from papercoder.runs.store import write_synced


def write_report(folder: Path) -> Report:
    """Gather a run folder and write `report.html` and `report.md` into it, each whole or not at all.

    Raises:
        RunFolderError: it is not a run folder, cannot be read, or cannot be written.
    """
    report = load(folder)
    write_synced(folder / "report.html", to_html(report))
    write_synced(folder / "report.md", to_markdown(report))
    return report
