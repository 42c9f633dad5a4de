"""A reproduction in a terminal: a live view of its trials and claims, plain lines elsewhere, and a summary."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import Diagnosis
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.artifacts.reproduction import Reproduction, ReproductionPlan
from papercoder.report.formatting import duration, plural
from papercoder.runs.events import (
    ClaimDecided,
    DiagnosisStarted,
    Event,
    Forecast,
    HypothesisEnded,
    ReproductionPlanned,
    TrialEnded,
    TrialStarted,
    Warned,
)
from papercoder.runs.reproduction_progress import ReproductionProgress, RunningTrial

VERDICTS: tuple[tuple[ClaimVerdict, str], ...] = (
    ("met", "green"),
    ("differs", "red"),
    ("toy", "cyan"),
    ("inconclusive", "yellow"),
)
_LISTED = 10
"""Planned and omitted trials that the plan lists."""


def line(event: Event) -> str | None:
    """An event as one line; None for events that need none."""
    match event:
        case ReproductionPlanned():
            return (
                f"plan: {plural(event.trials, 'trial')}, {event.workers} at a time, in about {duration(event.seconds)} "
                f"of {duration(event.budget)}; they decide {event.claims} of {plural(event.claims_total, 'claim')}; "
                f"{event.finished} finished before, {event.omitted} left out"
            )
        case TrialStarted(probe=False):
            about = "" if event.seconds is None else f", about {duration(event.seconds)}"
            return f"started {event.trial}{about}"
        case TrialEnded():
            reason = f": {event.reason}" if event.reason else ""
            return f"{event.status} {event.trial} after {duration(event.seconds)}{reason}"
        case ClaimDecided():
            reason = f": {event.reason}" if event.reason else ""
            return f"claim {event.claim} {event.verdict.replace('_', ' ')}{reason}"
        case Forecast(message=message):
            return message
        case Warned(where=where, message=message):
            return f"warning {where}: {message}"
        case _:
            return _diagnosis_line(event)


def _diagnosis_line(event: Event) -> str | None:
    match event:
        case DiagnosisStarted():
            return f"{plural(event.claims, 'claim')} to explain, {event.hypotheses} hypotheses to try"
        case HypothesisEnded():
            return f"{event.hypothesis} {event.status.replace('_', ' ')}: {event.statement} {event.reason}"
        case _:
            return None


@dataclass
class ReproductionView:
    """Shows the events of a reproduction."""

    console: Console
    progress: ReproductionProgress = field(default_factory=ReproductionProgress)
    since: float = field(default_factory=time.monotonic)
    _live: Live | None = None

    @contextmanager
    def live(self) -> Iterator[None]:
        """Refresh the view in a terminal while the context is open."""
        if not self.console.is_terminal:
            yield
            return
        with Live(self, console=self.console, refresh_per_second=4) as self._live:
            yield

    def __call__(self, event: Event) -> None:
        """Add the next event, and print it if it stays of interest."""
        self.progress.add(event)
        is_in_live_view = isinstance(event, TrialStarted | ReproductionPlanned) and self.console.is_terminal
        if (text := line(event)) and not is_in_live_view:
            self.console.print(text, soft_wrap=True)

    def __rich__(self) -> RenderableType:
        running = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for name, trial in self.progress.running.items():
            running.add_row(name, *_running_cells(trial))
        grid = Table.grid()
        for part in (self._trials(), running, self._claims()):
            grid.add_row(part)
        return grid

    def _trials(self) -> Text:
        seconds, plan = time.monotonic() - self.since, self.progress.plan
        if plan is None:
            return Text(f"measuring how long trials take · {duration(seconds)}", style="dim")
        parts = [
            f"{self.progress.done} of {plural(self.progress.total, 'trial')}",
            *([f"{self.progress.failed} failed"] if self.progress.failed else []),
            f"{duration(seconds)} of {duration(plan.budget)}",
            f"{plan.workers} at a time",
        ]
        return Text(" · ".join(parts), style="bold")

    def _claims(self) -> Text:
        text = Text("claims: ")
        for verdict, color in VERDICTS:
            count = self.progress.count(verdict)
            text.append(f"{count} {verdict}", style=color if count else "dim").append(" · ")
        return text.append(f"{self.progress.open_claims} open", style="dim")

    async def confirm(self, plan: ReproductionPlan) -> bool:
        """Show the plan and ask whether to carry it out; without a terminal, carry it out."""
        if not (self.console.is_terminal and sys.stdin.isatty()) or not plan.trials:
            return True
        if self._live:
            self._live.stop()
        show_plan(plan, self.console)
        self.console.print("Run these trials? [Y/n] ", end="")
        answer = (await _next_line()).strip().lower()
        if self._live:
            self._live.start()
        return answer in {"", "y", "yes"}


def _running_cells(trial: RunningTrial) -> tuple[str, str, str]:
    """The share that is done, the time left, and the values that it reported."""
    fraction = "" if trial.fraction is None else f"{trial.fraction:.0%}"
    left = "" if trial.seconds_left is None else f"{duration(trial.seconds_left)} left"
    values = trial.progress.values if trial.progress else {}
    shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
    return ("measuring its time" if trial.started.probe else fraction), left, shown


async def _next_line() -> str:
    """A line that the user types. Unlike `input`, waiting for it can be cancelled."""
    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()


def show_plan(plan: ReproductionPlan, console: Console) -> None:
    """Show which trials run, in which order, and what stays out."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("trial", "about", "decides"):
        table.add_column(name)
    for trial in plan.trials[:_LISTED]:
        about = "?" if trial.seconds is None else duration(trial.seconds)
        table.add_row(trial.id, about, ", ".join(trial.decides))
    console.print(table)
    if more := plan.trials[_LISTED:]:
        console.print(f"… and {plural(len(more), 'more trial')} that decide {_claims_of(more)} claims")
    for omitted in plan.omitted[:_LISTED]:
        console.print(f"left out: {omitted.id}, because {omitted.reason}", soft_wrap=True)
    if len(plan.omitted) > _LISTED:
        console.print(f"left out: {len(plan.omitted) - _LISTED} more")


def _claims_of(trials: tuple[object, ...]) -> int:
    return sum(len(getattr(trial, "decides", ())) for trial in trials)


def show_summary(found: Reproduction, folder: object, console: Console) -> None:
    """Five lines: trials, claims, time, what is missing, where to look."""
    verdicts = Counter([each.verdict for each in found.claims.items])
    verdicts.update(each.verdict for each in found.claims.orderings)
    failed = f", {len(found.failed)} failed ({found.failed[0].id}: {found.failed[0].reason})" if found.failed else ""
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict, _ in VERDICTS)
    scale = f" at scale {found.options.scale:g}" if found.options.scale < 1 else ""
    missing = f"{found.omitted[0].id}, because {found.omitted[0].reason}" if found.omitted else ""
    lines = (
        f"trials: {found.measured} of {found.trials} measured{scale}{failed}",
        f"claims: {counts}, {verdicts['not_run']} not run",
        f"time: {duration(found.seconds)} of {duration(found.options.budget)}, {found.share_used:.0%} of it in trials "
        "that now have a result",
        f"left out: {plural(len(found.omitted), 'trial')}{': ' if missing else ''}{missing}",
        f"report: {folder}/report.html; run the same command again to measure more",
    )
    for text in lines:
        console.print(text, soft_wrap=True)


def show_diagnosis(found: Diagnosis, folder: object, console: Console) -> None:
    """A line for each hypothesis, then what changed and where to look."""
    if not found.hypotheses:
        console.print("No claim that was measured at full scale differs, or nothing plausible explains those that do.")
        return
    for attempt in found.attempts:
        hypothesis = found.hypothesis(attempt.hypothesis)
        console.print(
            f"{attempt.hypothesis} {attempt.status.replace('_', ' ')}: {hypothesis.statement} {attempt.reason}",
            soft_wrap=True,
        )
    kept = ", ".join(attempt.hypothesis for attempt in found.kept) or "none"
    console.print(f"tried: {found.tried} of {len(found.hypotheses)} hypotheses; kept: {kept}")
    if found.kept:
        console.print("A reading that was chosen for its results is marked as such: among many, one fits by chance.")
    console.print(f"report: {folder}/report.html", soft_wrap=True)
