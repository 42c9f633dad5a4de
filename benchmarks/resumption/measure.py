"""Runs that are killed in the middle of coding, and started again."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.machine import example
from benchmarks.startup.measure import COMMANDS, timed
from papercoder.errors import PaperCoderError
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, CallStarted, Event

FILES, REPEATS = 16, 3
_LONGEST = 180.0
"""Seconds that a run may take to come to where it is killed."""

Reached = Callable[[list[Event]], bool]


class ResumptionError(PaperCoderError):
    """A run did not come as far as it should."""


@dataclass(frozen=True)
class Resumption:
    """One run that was killed, and resumed."""

    fresh: float
    """Seconds from the start of the process to the first call, in a new folder; the paper is read in them."""

    resumed: float
    """Seconds from the start of the process to the first new call, after the kill."""

    kept: int
    """Calls that were answered before the kill."""

    in_flight: int
    """Calls that were sent and not answered when it came."""

    paid_again: int
    """Calls that were answered before the kill and made again after it."""


@dataclass(frozen=True)
class ResumptionResults:
    """All of them."""

    files: int
    bare: float
    """Seconds of `papercoder --help`, the median."""

    each: tuple[Resumption, ...]


def measure(files: int = FILES, repeats: int = REPEATS) -> ResumptionResults:
    """Kill and resume several runs, one after the other.

    Raises:
        ResumptionError: a run ended, or came to a stand, before it could be killed.
    """
    bare = median(timed(COMMANDS["papercoder --help"]) for _ in range(repeats))
    return ResumptionResults(files, bare, tuple(_killed_and_resumed(files) for _ in range(repeats)))


def _killed_and_resumed(files: int) -> Resumption:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _running(folder, files) as began:
            before = _wait(folder, _in_coding)
            fresh = next(event.at for event in before if isinstance(event, CallStarted)) - began
        before = list(read_events(folder))
        with _running(folder, files) as began:
            after = _wait(folder, lambda events: any(isinstance(event, CallStarted) for event in events[len(before) :]))
        new = after[len(before) :]
        resumed = next(event.at for event in new if isinstance(event, CallStarted)) - began
        return counted(before, list(read_events(folder))[len(before) :], fresh, resumed)


def counted(before: list[Event], new: list[Event], fresh: float, resumed: float) -> Resumption:
    """What the events before and after a kill tell."""
    made = {(event.agent, event.subject) for event in before if isinstance(event, CallMade)}
    sent = {(event.agent, event.subject) for event in before if isinstance(event, CallStarted)}
    again = {(event.agent, event.subject) for event in new if isinstance(event, CallStarted)}
    return Resumption(fresh, resumed, kept=len(made), in_flight=len(sent - made), paid_again=len(again & made))


def _in_coding(events: list[Event]) -> bool:
    return any(isinstance(event, CallMade) and event.agent == "coding" for event in events)


@contextmanager
def _running(folder: Path, files: int) -> Iterator[float]:
    """A run in a process of its own, killed at the end without a word; gives the time of its start."""
    model = f"simulated:files={files},width=4,speed=8"
    command = ["-c", "from papercoder.cli import main; main()", "run", str(example()), "-o", str(folder)]
    began = time.time()
    process = subprocess.Popen(
        [sys.executable, *command, "--model", model, "--sandbox", "none", "--profile", "papercoder"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield began
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait(folder: Path, reached: Reached) -> list[Event]:
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        events = list(read_events(folder))
        if reached(events):
            return events
        time.sleep(0.05)
    raise ResumptionError(f"A simulated run did not come as far as it should in {_LONGEST:.0f} s.")
