"""Live progress of a run: a table in a terminal, plain lines elsewhere; both are computed from its events."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from papercoder.console.reproduction import line as line_of_reproduction
from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    CallMade,
    CallProgress,
    CallRetried,
    CallStarted,
    ClaimDecided,
    DiagnosisStarted,
    Emit,
    Event,
    ExecutionStepEnded,
    Forecast,
    HypothesisEnded,
    ReproductionPlanned,
    TrialEnded,
    Warned,
)
from papercoder.runs.summary import Summary, summarise

_PRINTED = (
    Warned
    | ArtifactEdited
    | ExecutionStepEnded
    | Forecast
    | ReproductionPlanned
    | TrialEnded
    | ClaimDecided
    | DiagnosisStarted
    | HypothesisEnded
)
"""Events that are printed above the live display."""


_TRIALS = ("reproduction/", "diagnosis/")
"""Folders whose results are recalled often and announced by events of their own."""


@contextmanager
def progress(console: Console) -> Iterator[Emit]:
    """Show the events of a running run."""
    if not console.is_terminal:
        yield lambda event: _print_line(console, event)
        return
    board = _Board()
    with Live(board, console=console, refresh_per_second=4):

        def show(event: Event) -> None:
            board.add(event)
            if isinstance(event, _PRINTED):
                _print_line(console, event)

        yield show


def _print_line(console: Console, event: Event) -> None:
    if text := line(event):
        console.print(text, soft_wrap=True)


def line(event: Event) -> str | None:
    """An event as one line; None for events that need none."""
    match event:
        case ArtifactMade(artifact=artifact, seconds=seconds, calls=calls):
            return f"made {artifact} ({calls} {'call' if calls == 1 else 'calls'}, {seconds:.1f} s)"
        case ArtifactReused(artifact=artifact):
            return None if artifact.startswith(_TRIALS) else f"reused {artifact}"
        case ArtifactEdited(artifact=artifact, stale=stale):
            more = "; its inputs have changed since" if stale else ""
            return f"edited {artifact}: using your version{more}"
        case CallRetried() | AnswerRejected():
            return _line_of_call(event)
        case ExecutionStepEnded(step=step, status=status, seconds=seconds, reason=reason):
            return f"step {step}: {status.replace('_', ' ')}" + (f", {reason}" if reason else f" ({seconds:.1f} s)")
        case Forecast(message=message):
            return message
        case Warned(where=where, message=message):
            return f"warning {where}: {message}"
        case _:
            return line_of_reproduction(event)


def _line_of_call(event: CallRetried | AnswerRejected) -> str:
    about = f"{event.agent} {event.subject}"
    if isinstance(event, CallRetried):
        return f"retrying {about} in {event.wait:.0f} s: {event.reason}"
    return f"rejected {about}: {event.reason.splitlines()[0] if event.reason else ''}"


@dataclass
class _Board:
    """The live display of the events so far."""

    events: list[Event] = field(default_factory=list)
    writing: dict[tuple[str, str], int] = field(default_factory=dict)
    """Agent and subject of an answer that is being written -> its tokens so far."""

    since: float = field(default_factory=time.monotonic)

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if isinstance(event, CallProgress):
            self.writing[event.agent, event.subject] = event.completion
            return
        if isinstance(event, CallMade | CallRetried):
            self.writing.pop((event.agent, event.subject), None)
        self.events.append(event)

    def __rich__(self) -> RenderableType:
        summary = summarise(self.events)
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="dim")
        for name in ("stage", "made", "reused", "running", "seconds"):
            table.add_column(name, justify="left" if name == "stage" else "right")
        for stage in summary.stages:
            running = str(stage.open) if stage.open else ""
            table.add_row(
                stage.name, str(stage.made), str(stage.reused + stage.edited), running, f"{stage.seconds:.0f}"
            )
        grid = Table.grid()
        grid.add_row(table)
        grid.add_row(Text(self._figures(summary), "dim"))
        return grid

    def _figures(self, summary: Summary) -> str:
        tokens = summary.tokens
        seconds = time.monotonic() - self.since
        waiting = sum(isinstance(event, CallStarted) for event in self.events) - summary.calls.made
        return (
            f"{seconds:.0f} s · {summary.calls.made} calls, {max(waiting, 0)} waiting, {summary.calls.reused} reused · "
            f"{tokens.prompt:,} tokens in ({tokens.cached:,} cached), "
            f"{tokens.completion + sum(self.writing.values()):,} out · "
            f"{money(summary.cost_usd, summary.unpriced)}"
        )


def money(cost_usd: float, unpriced: int) -> str:
    """Dollars, and the number of calls whose price is unknown."""
    more = f" + {unpriced} calls of unknown price" if unpriced else ""
    return f"${cost_usd:.4f}{more}"
