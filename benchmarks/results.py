"""Writes measurements to RESULTS.md and its plots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.machine import Machine
from papercoder.runs.folder import write_synced

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """A table; the first column is text, the others are numbers."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def render(self) -> str:
        """As Markdown."""
        rule = ["---", *["---:"] * (len(self.heads) - 1)]
        return "\n".join(_row(cells) for cells in (self.heads, rule, *self.rows))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


@dataclass(frozen=True)
class Plot:
    """A plot."""

    name: str
    """File name without suffix."""

    svg: str
    says: str
    """Alternative text."""


@dataclass(frozen=True)
class Section:
    """The result of one benchmark: a few sentences, tables and plots."""

    title: str
    command: str
    """The command that runs only this benchmark."""

    meaning: str
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()
    """How it was measured, and what it leaves out."""

    def render(self) -> str:
        """As Markdown."""
        drawn = [f"![{plot.says}](plots/{plot.name}.svg)" for plot in self.plots]
        how = [f"`{self.command}`. {' '.join(self.notes)}".strip()]
        return "\n\n".join([f"## {self.title}", self.meaning, *(table.render() for table in self.tables), *drawn, *how])


def document(sections: Iterable[Section], machine: Machine, day: date) -> str:
    """The whole of RESULTS.md."""
    head = (
        "# Results of the benchmarks\n\n"
        f"Written by `make bench` on {day:%-d %B %Y}, on {machine.described()}. All models are simulated: 1 s to the "
        "first token, then 60 tokens a second. Read the ratios; the seconds are this machine's."
    )
    return "\n\n".join([head, *(section.render() for section in sections)]) + "\n"


def write_results(sections: Sequence[Section], machine: Machine, day: date, folder: Path = HERE) -> Path:
    """Write RESULTS.md and the plots; those of earlier benchmarks that are none any more are deleted."""
    plots = {f"{plot.name}.svg": plot.svg for section in sections for plot in section.plots}
    for old in (folder / "plots").glob("*.svg"):
        if old.name not in plots:
            old.unlink()
    for name, svg in plots.items():
        write_synced(folder / "plots" / name, svg + "\n")
    path = folder / "RESULTS.md"
    write_synced(path, document(sections, machine, day))
    return path
