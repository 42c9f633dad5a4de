"""Live progress of a bench: a table in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import BenchResults, BenchTrialResult
from papercoder.bench.placement import Listener
from papercoder.report.formatting import cost, duration, plural
from papercoder.runs.events import ArtifactStarted, CallMade, CallRetried, Event, ExecutionStepEnded, RunStarted
from papercoder.runs.summary import stage_of

_MOST = 30
"""Maximum rows of the live table; further trials are counted."""


@contextmanager
def watching(console: Console) -> Iterator[Listener]:
    """Show the progress of a bench."""
    if not console.is_terminal:
        yield Lines(console)
        return
    board = Board()
    with Live(board, console=console, refresh_per_second=2):
        yield board


@dataclass
class Lines:
    """One line when a trial starts and one when it ends."""

    console: Console
    begun: set[str] = field(default_factory=set)

    def on_start(self, results: BenchResults) -> None:
        """Print the number of trials."""
        complete = sum(trial.status == "complete" for trial in results.trials)
        self._say(f"{results.name}: {len(results.trials)} trials, {complete} of them already complete")

    def on_warning(self, message: str) -> None:
        """Print a warning about all trials."""
        self._say(f"warning: {message}")

    def on_event(self, trial: str, event: Event) -> None:
        """Print the start of a trial."""
        if isinstance(event, RunStarted) and trial not in self.begun:
            self.begun.add(trial)
            self._say(f"started {trial}")

    def on_trial_end(self, result: BenchTrialResult) -> None:
        """Print the end of a trial."""
        self._say(
            f"{result.status} {result.trial} ({_figures(result)})" + (f": {_first(result)}" if _first(result) else "")
        )

    def _say(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)


@dataclass
class Row:
    """A trial in the live table."""

    trial: str
    state: str
    stage: str = ""
    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0
    """Seconds of earlier processes, or in total once the trial has ended."""

    since: float | None = None
    """When this process started the trial; None before that and after its end."""

    def take(self, event: Event) -> None:
        """Apply an event of the trial."""
        if isinstance(event, RunStarted) and self.since is None:
            self.state, self.since = "running", time.monotonic()
        elif isinstance(event, ArtifactStarted):
            self.stage = stage_of(event.artifact)
        elif isinstance(event, ExecutionStepEnded):
            self.stage = f"{event.step}: {event.status.replace('_', ' ')}"
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
        """Add all trials; those that are not complete are waiting."""
        for trial in results.trials:
            if trial.status == "complete":
                self.on_trial_end(trial)
            else:
                self._set(trial, "waiting", "")

    def on_warning(self, message: str) -> None:
        """Keep a warning below the table."""
        self.warnings.append(message)

    def on_event(self, trial: str, event: Event) -> None:
        """Apply an event to its row."""
        self.rows[trial].take(event)

    def on_trial_end(self, result: BenchTrialResult) -> None:
        """Show the result of a trial."""
        self._set(result, result.status, _first(result))

    def _set(self, trial: BenchTrialResult, state: str, stage: str) -> None:
        paid = trial.calls, trial.cost_usd, trial.unpriced
        self.rows[trial.trial] = Row(trial.trial, state, stage, *paid, trial.seconds)

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
    for name in ("trial", "", "stage", "calls", "cost", "time"):
        table.add_column(name, justify="right" if name in {"calls", "cost", "time"} else "left", no_wrap=True)
    for row in rows:
        paid = cost(row.cost_usd, row.unpriced, row.calls)
        table.add_row(row.trial, row.state, row.stage, str(row.calls), paid, duration(row.spent))
    return table


_RANK = {"running": 0, "complete": 2, "waiting": 3}
"""Running trials come first, then those that failed."""


def _first(result: BenchTrialResult) -> str:
    """The first line of the reason why a trial is incomplete."""
    return next(iter(result.reason.splitlines()), "")


def _figures(result: BenchTrialResult) -> str:
    paid = cost(result.cost_usd, result.unpriced, result.calls)
    return f"{plural(result.calls, 'call')}, {paid}, {duration(result.seconds)}"
