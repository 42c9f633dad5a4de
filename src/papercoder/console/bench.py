"""A bench in a terminal: its progress, its results, comparisons, and the data of public benchmarks."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import BenchEntryResult, BenchResults, ClaimSummary
from papercoder.bench.benchmarks import FetchResult
from papercoder.bench.placement import Listener
from papercoder.bench.results import wording
from papercoder.bench.results.comparison import Comparison, SettingComparison
from papercoder.bench.results.metrics import (
    CLAIMS,
    CODE_DEV,
    COST,
    COVERAGE,
    JUDGES,
    OUTCOMES,
    RUBRIC,
    SECONDS,
    VERDICTS,
    Entries,
    Metric,
    grouped,
    hours,
    mean_of,
    shares,
    sum_claims,
    verdict_label,
)
from papercoder.report.formatting import cost, duration, plural
from papercoder.runs.events import (
    ArtifactStarted,
    CallMade,
    CallRetried,
    Event,
    ExecutionStepEnded,
    HypothesisEnded,
    RunStarted,
    TrialStarted,
)
from papercoder.runs.summary import stage_of

_MOST = 30
"""Maximum rows of the live table; further entries are counted."""


@contextmanager
def watching(console: Console) -> Iterator[Listener]:
    """Show the progress of a bench."""
    if not console.is_terminal or console.quiet:
        yield Lines(console)
        return
    board = Board()
    with Live(board, console=console, refresh_per_second=2):
        yield board


@dataclass
class Lines:
    """One line when an entry starts and one when it ends."""

    console: Console
    begun: set[str] = field(default_factory=set)

    def on_start(self, results: BenchResults) -> None:
        """Print the number of entries."""
        complete = sum(entry.status == "complete" for entry in results.entries)
        self._say(f"{results.name}: {len(results.entries)} entries, {complete} of them already complete")

    def on_warning(self, message: str) -> None:
        """Print a warning about all entries."""
        self._say(f"warning: {message}")

    def on_event(self, entry: str, event: Event) -> None:
        """Print the start of an entry."""
        if isinstance(event, RunStarted) and entry not in self.begun:
            self.begun.add(entry)
            self._say(f"started {entry}")

    def on_entry_end(self, result: BenchEntryResult) -> None:
        """Print the end of an entry."""
        self._say(
            f"{result.status} {result.entry} ({_figures(result)})" + (f": {_first(result)}" if _first(result) else "")
        )

    def _say(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)


@dataclass
class Row:
    """An entry in the live table."""

    entry: str
    state: str
    stage: str = ""
    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0
    """Seconds of earlier processes, or in total once the entry has ended."""

    since: float | None = None
    """When this process started the entry; None before that and after its end."""

    def take(self, event: Event) -> None:
        """Apply an event of the entry."""
        if isinstance(event, RunStarted) and self.since is None:
            self.state, self.since = "running", time.monotonic()
        elif isinstance(event, ArtifactStarted):
            self.stage = stage_of(event.artifact)
        elif isinstance(event, ExecutionStepEnded):
            self.stage = f"{event.step}: {event.status.replace('_', ' ')}"
        elif isinstance(event, TrialStarted):
            self.stage = f"trial {event.trial}"
        elif isinstance(event, HypothesisEnded):
            self.stage = f"diagnosis: {event.hypothesis} {event.status.replace('_', ' ')}"
        elif isinstance(event, CallRetried):
            self.stage = f"retrying in {event.wait:.0f} s"
        elif isinstance(event, CallMade):
            self.calls, self.cost_usd = self.calls + 1, self.cost_usd + (event.cost_usd or 0.0)
            self.unpriced += event.cost_usd is None

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return self.seconds + (time.monotonic() - self.since if self.since is not None else 0.0)


@dataclass
class Board:
    """The live table."""

    rows: dict[str, Row] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)
    warnings: list[str] = field(default_factory=list)

    def on_start(self, results: BenchResults) -> None:
        """Add all entries; those that are not complete are waiting."""
        for entry in results.entries:
            if entry.status == "complete":
                self.on_entry_end(entry)
            else:
                self._set(entry, "waiting", "")

    def on_warning(self, message: str) -> None:
        """Keep a warning below the table."""
        self.warnings.append(message)

    def on_event(self, entry: str, event: Event) -> None:
        """Apply an event to its row."""
        self.rows[entry].take(event)

    def on_entry_end(self, result: BenchEntryResult) -> None:
        """Show the result of an entry."""
        self._set(result, result.status, _first(result))

    def _set(self, entry: BenchEntryResult, state: str, stage: str) -> None:
        paid = entry.calls, entry.cost_usd, entry.unpriced
        self.rows[entry.entry] = Row(entry.entry, state, stage, *paid, entry.seconds)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        beside = 3 + len(self.warnings)  # header, totals and warnings are never cut off
        most = min(_MOST, max(1, options.size.height - beside))
        shown = sorted(self.rows.values(), key=lambda row: _RANK.get(row.state, 1))[:most]
        yield _drawn(shown)
        yield Text(self._totals(len(self.rows) - len(shown)), style="dim")
        yield from (Text(f"warning: {message}") for message in self.warnings)

    def _totals(self, hidden: int) -> str:
        rows = self.rows.values()
        states = [row.state for row in rows]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
        more = f" · {hidden} more" if hidden else ""
        calls = sum(row.calls for row in rows)
        paid = cost(sum(row.cost_usd for row in rows), sum(row.unpriced for row in rows), calls)
        return f"{duration(time.monotonic() - self.since)} · {counts} · {calls} calls · {paid}{more}"


def _drawn(rows: Iterable[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("entry", "", "stage", "calls", "cost", "time"):
        table.add_column(name, justify="right" if name in {"calls", "cost", "time"} else "left", no_wrap=True)
    for row in rows:
        paid = cost(row.cost_usd, row.unpriced, row.calls)
        table.add_row(row.entry, row.state, row.stage, str(row.calls), paid, duration(row.spent))
    return table


_RANK = {"running": 0, "complete": 2, "waiting": 3}
"""Running entries come first, then those that failed."""


def _first(result: BenchEntryResult) -> str:
    """The first line of the reason why an entry is incomplete."""
    return next(iter(result.reason.splitlines()), "")


def _figures(result: BenchEntryResult) -> str:
    paid = cost(result.cost_usd, result.unpriced, result.calls)
    return f"{plural(result.calls, 'call')}, {paid}, {duration(result.seconds)}"


NOTHING = "–"
"""Shown for values that were not observed."""


@dataclass(frozen=True)
class Column:
    """A column of the results table; each cell summarises a group of entries."""

    label: str
    cell: Callable[[Entries], str]


def show_results(results: BenchResults, console: Console) -> None:
    """Show all observations, incomplete entries with their reasons, and totals."""
    many = len({entry.model for entry in results.entries}) > 1
    names = ("variant", "model") if many else ("variant",)
    console.print(_table(results.entries, ("paper", *names)))
    if len({entry.paper for entry in results.entries}) > 1:
        console.print(_table(results.entries, names))
    if results.claims:
        console.print(_claims_table(results.entries, names))
        console.print(_shares_table(results.claims, names))
        if chosen := sum(one.met_by_diagnosis for one in results.claims):
            console.print(
                f"{plural(chosen, 'paper')} with a claim met only since diagnosis has chosen another reading.",
                soft_wrap=True,
            )
    for entry in results.entries:
        if entry.status != "complete":
            console.print(f"{entry.entry}: {entry.status}: {entry.reason}", soft_wrap=True)
    console.print(wording.summary(results), soft_wrap=True)


def _table(entries: Iterable[BenchEntryResult], names: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    groups = grouped(entries, lambda entry: tuple(str(getattr(entry, name)) for name in names))
    columns = [column for column in _columns() if any(column.cell(group) != NOTHING for group in groups.values())]
    for name in (*names, *(column.label for column in columns)):
        table.add_column(name, justify="left" if name in names else "right", no_wrap=True)
    for key, group in groups.items():
        table.add_row(*key, *(column.cell(group) for column in columns))
    return table


def _claims_table(entries: Entries, names: tuple[str, ...]) -> Table:
    """The claims of each paper by verdict; repeats count together."""
    numbers = (*map(verdict_label, VERDICTS), "trials", "cost", "hours")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("paper", *names, *numbers):
        table.add_column(name, justify="right" if name in numbers else "left", no_wrap=True)
    asking = [entry for entry in entries if entry.claims]
    keys = ("paper", *names)
    for key, group in grouped(asking, lambda entry: tuple(str(getattr(entry, name)) for name in keys)).items():
        counts = sum_claims(group)
        measured, trials = (sum(getattr(entry, name) or 0 for entry in group) for name in ("trials_measured", "trials"))
        paid = cost(*(sum(getattr(entry, name) for entry in group) for name in ("cost_usd", "unpriced", "calls")))
        cells = [str(getattr(counts, verdict)) for verdict in VERDICTS]
        table.add_row(*key, *cells, f"{measured}/{trials}", paid, hours(sum(entry.seconds for entry in group)))
    return table


def _shares_table(summaries: Iterable[ClaimSummary], names: tuple[str, ...]) -> Table:
    """The shares of papers that the claims decide, as counts and per cent with their 95 % intervals."""
    numbers = ("papers", *OUTCOMES.values(), "cost", "hours")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in (*names, *numbers):
        table.add_column(name, justify="right" if name in numbers else "left")
    for one in summaries:
        cells = [
            f"{share.count} = {share.count / share.papers:.0%} [{share.low:.0%}, {share.high:.0%}]"
            for _, share in shares(one)
        ]
        paid = cost(one.cost_usd, one.unpriced, one.calls)
        key = [str(getattr(one, name)) for name in names]
        table.add_row(*key, str(one.papers), *map(Text, cells), paid, hours(one.seconds))
    return table


def _columns() -> Iterator[Column]:
    yield Column("complete", _complete)
    yield Column("steps", _steps)
    yield Column("coverage", partial(_part, COVERAGE, lambda entry: (entry.implemented, entry.requirements)))
    yield Column("claims met", partial(_part, CLAIMS, lambda entry: (entry.claims.met, entry.claims.total)))
    for metric in (*JUDGES, RUBRIC, CODE_DEV):
        yield Column(metric.label, partial(_mean, metric))
    for metric in (COST, SECONDS):
        yield Column(metric.label, partial(_bare, metric))


def _complete(entries: Entries) -> str:
    return f"{sum(entry.status == 'complete' for entry in entries)}/{len(entries)}"


def _steps(entries: Entries) -> str:
    """The last step that passed; for several entries, how many passed the smoke step."""
    if not any(entry.executed for entry in entries):
        return NOTHING
    if len(entries) == 1:
        return entries[0].steps[-1] if entries[0].steps else "none"
    return f"smoke {sum('smoke' in entry.steps for entry in entries)}/{len(entries)}"


def _part(metric: Metric, parts: Callable[[Any], tuple[int, int]], entries: Entries) -> str:
    """A count out of a total; for several entries, the mean share."""
    if len(entries) == 1 and metric.of(entries[0]) is not None:
        part, whole = parts(entries[0])
        return f"{part}/{whole}"
    return _mean(metric, entries)


def _bare(metric: Metric, entries: Entries) -> str:
    found = mean_of(metric, entries)
    return metric.shown(found.mean) if found else NOTHING


def _mean(metric: Metric, entries: Entries) -> str:
    found = mean_of(metric, entries)
    if found is None:
        return NOTHING
    mean = metric.shown(found.mean)
    return f"{mean} [{metric.shown(found.low)}, {metric.shown(found.high)}]" if found.high > found.low else mean


_STYLES = {"better": "green", "worse": "red", "noise": "dim", "few": "dim"}


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Show a table per pair of settings, and a summary of the significant differences."""
    for contrast in comparison.contrasts:
        console.print(f"{contrast.before} → {contrast.after}", style="bold")
        console.print(_differences(contrast))
        for remark in wording.remarks(contrast):
            console.print(remark, soft_wrap=True)
        console.print()
    if comparison.left_out:
        console.print(f"Without a counterpart: {', '.join(comparison.left_out)}.", soft_wrap=True)
    console.print(wording.headline(comparison), soft_wrap=True)


def _differences(contrast: SettingComparison) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("metric")
    for name in ("papers", "before", "after", "difference", "95 % interval", "p", "p, Holm"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict")
    for one in contrast.differences:
        table.add_row(
            wording.label(one),
            str(len(one.papers)),
            wording.value(one, one.before),
            wording.value(one, one.after),
            wording.change(one),
            wording.spread(one),
            wording.p_value(one.p_value),
            wording.p_value(one.adjusted),
            Text(wording.VERDICTS[one.verdict], _STYLES[one.verdict]),
        )
    return table


def show_downloaded(done: FetchResult, console: Console) -> None:
    """Show what is present and what is missing."""
    console.print(f"{plural(len(done.papers), 'paper')} ready; {done.manifest}", soft_wrap=True)
    for problem in done.problems:
        console.print(f"missing: {problem}", soft_wrap=True)
    if done.problems:
        console.print("Run the same command again to fetch what is missing.")
