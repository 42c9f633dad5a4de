"""Comparisons: two runs or two benches side by side, and the results of one bench."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import run, ui

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.results.comparison import compare
from papercoder.bench.results.files import read_results
from papercoder.bench.results.page import body, body_style, comparison_body
from papercoder.operations.revise import repository_texts
from papercoder.report import Report, load
from papercoder.report.formatting import LABELS, amount, cost, duration, plural
from papercoder.report.rendering import environment
from papercoder.runs.event_log import read_events
from papercoder.runs.events import RunStarted
from papercoder.web.parts.code_text import FileChange, Line
from papercoder.web.parts.tabs import address
from papercoder.web.runs.folder import entry_name
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Register `/compare`, where `one` and `two` are names, and `/bench/NAME`."""
    ui.add_head_html(f"<style>{body_style('.bench-results')}</style>", shared=True)

    @ui.page("/compare", response_timeout=30)
    async def comparison(one: str = "", two: str = "") -> None:
        with layout.page("Comparison"):
            layout.heading("Comparison")
            if not (one and two):
                layout.empty("Select two runs or two benches in the list to compare them.", "All runs", "/")
                return
            is_bench = {one, two} <= set(web.runs_folder.benches())
            drawn = await run.io_bound(_benches if is_bench else _runs, web, one, two)
            ui.html(drawn or "", sanitize=False).classes(f"report {'bench-results' if is_bench else 'view-changes'}")

    @ui.page("/bench/{name}", response_timeout=30)
    async def bench(name: str) -> None:
        with layout.page(name):
            results = await run.io_bound(read_results, web.runs_folder.folder(name))
            if results is None:
                return
            _others(name, [other for other in web.runs_folder.benches() if other != name])
            ui.html(body(results, lambda entry: dict(_links(web, name, entry))), sanitize=False).classes(
                "report bench-results"
            )


def _runs(web: Web, one: str, two: str) -> Markup:
    found = compare_runs(web.runs_folder.run(one), web.runs_folder.run(two))
    template = environment("papercoder.web").get_template("compare.html")
    links = (address(one, ""), address(two, ""))
    return Markup(template.render(comparison=found, names=tuple(map(web.runs_folder.label, (one, two))), links=links))  # noqa: S704  the template escapes


def _benches(web: Web, one: str, two: str) -> Markup:
    return comparison_body(
        compare(read_results(web.runs_folder.folder(one)), read_results(web.runs_folder.folder(two)))
    )


def _links(web: Web, name: str, entry: BenchEntryResult) -> Iterator[tuple[str, str]]:
    """A link to the run of an entry, if its folder exists."""
    own = entry_name(name, entry.entry)
    if web.runs_folder.is_run(own):
        yield "run", address(own, "")


def _others(name: str, others: list[str]) -> None:
    if others:
        with ui.element("nav").classes("line soft small"):
            Label("Compare with")
            for other in others[:12]:
                Link(other, "/compare?" + urlencode({"one": other, "two": name}))


_NONE = "–"
_KINDS = {"+": "new", "-": "old", "@": "where"}


@dataclass(frozen=True)
class Row:
    """One value of both runs, as text."""

    label: str
    one: str
    two: str

    @property
    def differs(self) -> bool:
        """Are the two values different?"""
        return self.one != self.two

    @property
    def is_in_both(self) -> bool:
        """Do both runs have a value?"""
        return _NONE not in {self.one, self.two}


@dataclass(frozen=True)
class RunComparison:
    """What two runs have in common and where they differ."""

    figures: tuple[Row, ...]
    settings: tuple[Row, ...]
    """Only those that differ."""

    verdicts: tuple[Row, ...]
    """Only requirements whose verdict differs, matched by statement: each run numbers its requirements itself."""

    unmatched: tuple[int, int]
    """Number of requirements whose statement is only in the first or only in the second run."""

    files: tuple[FileChange, ...]
    same_files: int


def compare_runs(one: Path, two: Path) -> RunComparison:
    """Compare two run folders.

    Raises:
        RunFolderError: a folder is not a run folder, or cannot be read.
    """
    first, second = load(one), load(two)
    before, after = repository_texts(one), repository_texts(two)
    return RunComparison(
        figures=tuple(
            Row(label, of_one, of_two)
            for (label, of_one), (_, of_two) in zip(_figures(first), _figures(second), strict=True)
        ),
        settings=tuple(row for row in _rows(_settings(one), _settings(two)) if row.differs),
        verdicts=tuple(row for row in _rows(_verdicts(first), _verdicts(second)) if row.differs and row.is_in_both),
        unmatched=(len(_verdicts(first).keys() - _verdicts(second)), len(_verdicts(second).keys() - _verdicts(first))),
        files=tuple(_differences(before, after)),
        same_files=sum(text == after.get(path) for path, text in before.items()),
    )


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    summary, states, claims = report.summary, report.states, report.claim_verdicts
    yield "paper", report.title
    yield "status", report.status
    yield "profile", summary.profile
    yield "models", ", ".join(dict.fromkeys(summary.models.values())) or "none"
    for state, number in states.items():
        yield f"requirements {LABELS[state]}", f"{number} of {len(report.requirements)}" if report.requirements else "–"
    for step in report.steps:
        yield step.step, LABELS[step.status]
    for verdict, number in claims.items():
        yield f"claims {LABELS[verdict]}", f"{number} of {len(report.claims)}" if report.claims else "–"
    orderings = report.ordering_verdicts
    yield "orderings met", f"{orderings['met']} of {len(report.orderings)}" if report.orderings else "–"
    yield "files", plural(len(report.files), "file")
    yield "calls", plural(summary.calls.made, "call")
    yield "tokens", amount(summary.tokens.prompt + summary.tokens.completion)
    yield "cost", cost(summary.cost_usd, summary.unpriced, summary.calls.made)
    yield "time", duration(summary.seconds)


def _settings(folder: Path) -> dict[str, str]:
    started = [event for event in read_events(folder) if isinstance(event, RunStarted)]
    return {name: str(value) for name, value in started[-1].settings.items()} if started else {}


def _verdicts(report: Report) -> dict[str, str]:
    return {item.requirement.statement: LABELS[item.state] for item in report.requirements}


def _rows(one: dict[str, str], two: dict[str, str]) -> Iterator[Row]:
    for name in dict.fromkeys((*one, *two)):
        yield Row(name, one.get(name, _NONE), two.get(name, _NONE))


def _differences(before: dict[str, str], after: dict[str, str]) -> Iterator[FileChange]:
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old != new:
            lines = list(difflib.unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm=""))[2:]
            remarks = ("only in the first",) if new is None else ("only in the second",) if old is None else ()
            yield FileChange(path, tuple(Line(_KINDS.get(line[:1], "same"), line) for line in lines), remarks)
