"""The progress of a run, computed from its events: a live display in a terminal, plain lines with times elsewhere."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Literal, TypeVar, get_args

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import ArchitectureDesign, Artifact, LogicDesign, Requirements
from papercoder.artifacts.reproduction import ReproductionPlan
from papercoder.console.outcome import VERDICTS, show_plan
from papercoder.errors import PaperCoderError
from papercoder.pipeline.outline import KnownDesign, StageOutline, outline
from papercoder.report.formatting import amount, cost, duration, money, plural
from papercoder.report.stages import StageView, stages, time_left
from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    CallRetried,
    ClaimDecided,
    DiagnosisStarted,
    Event,
    ExecutionStepEnded,
    Forecast,
    HypothesisEnded,
    ReproductionPlanned,
    TrialEnded,
    TrialStarted,
    Warned,
)
from papercoder.runs.folder import load
from papercoder.runs.progress import Progress, RunningTrial
from papercoder.settings import Profile

A = TypeVar("A", bound=Artifact)

Work = Literal["run", "reproduce", "diagnose", "other"]
"""What the process does: all stages of a pipeline, trials, a diagnosis, or a few steps that no outline names."""

_NAME = 13
"""Columns of a stage's name."""

_MOST_TRIALS = 4
"""Running trials that the display shows."""

_MEASURED = ("reproduction/", "diagnosis/")
"""Folders whose results are many and have events of their own."""

_OUTLINES: dict[Work, tuple[StageOutline, ...]] = {
    "reproduce": (StageOutline("reproduction", (), False),),
    "diagnose": (StageOutline("diagnosis", (), False), StageOutline("reproduction", (), False)),
}


@contextmanager
def progress(console: Console, work: Work = "other", folder: Path | None = None) -> Iterator["Board"]:
    """Show the events of a running run; nothing if the console is quiet.

    Args:
        console: where.
        work: what the process does.
        folder: the run folder, from which the planned files are read.
    """
    board = Board(console, work, folder)
    if not console.is_terminal or console.quiet:
        yield board
        return
    with Live(board, console=console, refresh_per_second=4, transient=True) as board.live:
        yield board


@dataclass
class Board:
    """A listener that shows events; while it is live, it renders the stages, bars and totals so far."""

    console: Console
    work: Work = "other"
    folder: Path | None = None
    live: Live | None = None
    progress: Progress = field(default_factory=Progress)
    design: KnownDesign = field(default_factory=KnownDesign)
    since: float = field(default_factory=time.time)
    _lock: RLock = field(default_factory=RLock)
    """The display is refreshed by a thread of its own."""

    def __call__(self, event: Event) -> None:
        """Add the next event, and print it if it is worth a line."""
        with self._lock:
            self.progress.add(event)
        if text := line(event) if self.live is None or isinstance(event, _PRINTED) else None:
            at = "" if self.live else f"{datetime.fromtimestamp(event.at).astimezone():%H:%M:%S}  "
            self.console.print(f"{at}{text}", soft_wrap=True)

    def ask(self, question: str) -> bool:
        """Ask the user, with the display out of the way; Enter means no."""
        with self._paused():
            self.console.print(f"{question} [y/N] ", end="")
            return sys.stdin.readline().strip().lower() in {"y", "yes"}

    @contextmanager
    def _paused(self) -> Iterator[None]:
        if self.live:
            self.live.stop()
        try:
            yield
        finally:
            if self.live:
                self.live.start()

    async def confirm(self, plan: ReproductionPlan) -> bool:
        """Show the plan of a reproduction and ask whether to carry it out; without a terminal, carry it out."""
        if self.live is None or not sys.stdin.isatty() or not plan.trials:
            return True
        with self._paused():
            show_plan(plan, self.console)
            self.console.print("Run these trials? [Y/n] ", end="")
            return (await _next_line()).strip().lower() in {"", "y", "yes"}

    def __rich__(self) -> RenderableType:
        with self._lock:
            shown = self._stages()
            parts = list(self._bars(shown))
            if self.progress.reproduction.plan or self.progress.reproduction.running:
                parts += [self._running(), self._claims()]
            return Group(*parts, self._totals(shown))

    def _stages(self) -> tuple[StageView, ...]:
        """The stages, those to come included if the process goes through a pipeline."""
        coming = _OUTLINES.get(self.work, ())
        if self.work == "run" and (start := self.progress.start):
            if self.design.logic is None:
                self.design = KnownDesign(
                    self._artifact("requirements", Requirements),
                    self._artifact("architecture", ArchitectureDesign),
                    self._artifact("logic", LogicDesign),
                )
            coming = outline(
                next((each for each in get_args(Profile) if each == start.profile), "full"),
                self.design,
                reproduce=bool(start.settings.get("reproduce")) or self.progress.reproduction.plan is not None,
                execute=start.settings.get("sandbox") != "none",
            )
        return stages(self.progress, coming, is_read=bool(self.progress.artifacts))

    def _artifact(self, name: str, kind: type[A]) -> A | None:
        """An artifact of planning that this process has made or used; None while it is not there or not valid."""
        known = self.progress.artifacts.get(f"planning/{name}.json")
        if self.folder is None or known is None or not known.is_there:
            return None
        try:
            return load(self.folder, f"planning/{name}.json", kind)
        except PaperCoderError:
            return None

    def _bars(self, shown: tuple[StageView, ...]) -> Iterator[RenderableType]:
        """A bar for each stage, and below it what is being made."""
        seconds = {stage.name: stage.seconds for stage in self.progress.summary.stages}
        for stage in shown:
            table = Table.grid(padding=(0, 2, 0, 0), expand=True)
            table.add_column(width=_NAME, no_wrap=True)
            table.add_column(ratio=1, min_width=10)
            table.add_column(width=20, no_wrap=True)
            table.add_column(width=8, no_wrap=True, justify="right")
            is_pulsing = bool(stage.open) and stage.total is None
            total = stage.total or max(stage.done, 1)
            bar = ProgressBar(total=total, completed=stage.done, pulse=is_pulsing, finished_style="green")
            style = "green" if stage.is_done else "bold" if stage.has_started else "dim"
            time_of = duration(seconds[stage.name]) if seconds.get(stage.name) else ""
            count_style = "" if stage.has_started else "dim"
            table.add_row(Text(stage.name, style), bar, Text(_counted(stage), count_style), Text(time_of, "dim"))
            yield table
            if now := self._now(stage):
                yield Text(f"{' ' * _NAME}  {now}", "dim", no_wrap=True, overflow="ellipsis")

    def _now(self, stage: StageView) -> str:
        """What of a stage is being made; trials have lines of their own."""
        if not stage.open or stage.name == "reproduction":
            return ""
        return self.progress.forecast if stage.name == "execution" else ", ".join(map(_short, stage.open))

    def _running(self) -> Table:
        """The running trials: the share that is done, the time left, and the values that they reported."""
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        for _ in range(3):
            table.add_column(no_wrap=True)
        running = self.progress.reproduction.running
        for name, trial in list(running.items())[:_MOST_TRIALS]:
            table.add_row(Text(f"  {name}", "dim"), *_trial_cells(trial))
        if len(running) > _MOST_TRIALS:
            table.add_row(Text(f"  and {len(running) - _MOST_TRIALS} more", "dim"))
        return table

    def _claims(self) -> Text:
        found = self.progress.reproduction
        text = Text("claims: ")
        for verdict, color in VERDICTS:
            count = found.count(verdict)
            text.append(f"{count} {verdict}", style=color if count else "dim").append(" · ")
        text.append(f"{found.open_claims} open", style="dim")
        return text.append(f" · {plural(found.failed, 'trial')} failed", style="red") if found.failed else text

    def _totals(self, shown: tuple[StageView, ...]) -> Text:
        summary, start = self.progress.summary, self.progress.start
        parts, used = [duration(time.time() - self.since)], ""
        if self.work != "other" and start:
            budget = start.settings.get("budget")
            seconds = budget if isinstance(budget, float | int) else 3600.0
            left = time_left(self.progress, shown, self.design.logic, time.time(), seconds)
            parts.append(f"{'at most' if left.is_limit else 'about'} {duration(left.seconds)} left")
        calls = summary.calls
        if calls.made or self.progress.calls:
            written = sum(each.tokens for each in self.progress.written.values())
            limit = start.settings.get("max_cost") if start else None
            of = f" of {money(limit)}" if isinstance(limit, float | int) else ""
            parts.append(cost(summary.cost_usd, summary.unpriced, calls.made) + of)
            active = f", {len(self.progress.calls)} active" if self.progress.calls else ""
            completion = summary.tokens.completion + written
            tokens = f"{amount(summary.tokens.prompt)} tokens in, {amount(completion)} out"
            used = f"\n{plural(calls.made, 'call')}{active} · {tokens}"
        return Text(" · ".join(parts) + used, "dim", no_wrap=True, overflow="ellipsis")


def _counted(stage: StageView) -> str:
    """`4 of 13 files`; `files` while the total is not known."""
    if stage.total is None:
        return f"{stage.done} {stage.unit}".strip() if stage.done else stage.unit
    return f"{stage.done} of {stage.total} {stage.unit}".strip()


def _short(artifact: str) -> str:
    """The artifact without its folder and ending: `kiln/graph.py` for `analysis/kiln/graph.py.md`."""
    name = artifact.partition("/")[2] or artifact
    return name if artifact.startswith("repo/") else name.removesuffix(".md").removesuffix(".json")


def _trial_cells(trial: RunningTrial) -> tuple[str, str, str]:
    fraction = "" if trial.fraction is None else f"{trial.fraction:.0%}"
    left = "" if trial.seconds_left is None else f"{duration(trial.seconds_left)} left"
    values = trial.progress.values if trial.progress else {}
    shown = ", ".join(f"{name} {value:.4g}" for name, value in list(values.items())[:2])
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


_PRINTED = Warned | ArtifactEdited | ExecutionStepEnded | DiagnosisStarted | HypothesisEnded
"""Events that are printed above the live display."""


def line(event: Event) -> str | None:
    """An event as one line; None for events that need none."""
    match event:
        case ArtifactMade(artifact=artifact, seconds=seconds, calls=calls):
            made = f"made {artifact} ({calls} {'call' if calls == 1 else 'calls'}, {seconds:.1f} s)"
            return None if artifact.startswith(_MEASURED) and not calls else made
        case ArtifactReused(artifact=artifact):
            return None if artifact.startswith(_MEASURED) else f"reused {artifact}"
        case ArtifactEdited(artifact=artifact, stale=stale):
            more = "; its inputs have changed since" if stale else ""
            return f"edited {artifact}: using your version{more}"
        case ExecutionStepEnded(step=step, status=status, seconds=seconds, reason=reason):
            return f"step {step}: {status.replace('_', ' ')}" + (f", {reason}" if reason else f" ({seconds:.1f} s)")
        case Warned(where=where, message=message):
            return f"warning {where}: {message}"
        case CallRetried() | AnswerRejected():
            return _line_of_call(event)
        case _:
            return _line_of_results(event)


def _line_of_call(event: CallRetried | AnswerRejected) -> str:
    about = f"{event.agent} {event.subject}"
    if isinstance(event, CallRetried):
        return f"retrying {about} in {event.wait:.0f} s: {event.reason}"
    return f"rejected {about}: {event.reason.splitlines()[0] if event.reason else ''}"


def _line_of_results(event: Event) -> str | None:
    match event:
        case Forecast(message=message):
            return message
        case ReproductionPlanned() if event.trials:
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
        case DiagnosisStarted():
            return f"{plural(event.claims, 'claim')} to explain, {event.hypotheses} hypotheses to try"
        case HypothesisEnded():
            return f"{event.hypothesis} {event.status.replace('_', ' ')}: {event.statement} {event.reason}"
        case _:
            return None
