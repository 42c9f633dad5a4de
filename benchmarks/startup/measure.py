"""Wall time of processes that do nothing but start."""

import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median

RUNS = 9

COMMANDS: dict[str, tuple[str, ...]] = {
    "python -c pass": ("-c", "pass"),
    "python -c 'import pydantic'": ("-c", "import pydantic"),
    "python -c 'import papercoder'": ("-c", "import papercoder"),
    "papercoder --help": ("-c", "from papercoder.cli import main; main()", "--help"),
    "papercoder run --help": ("-c", "from papercoder.cli import main; main()", "run", "--help"),
}
"""Displayed command -> arguments of the interpreter; the others are compared with the first."""


@dataclass(frozen=True)
class Start:
    """Of one command."""

    command: str
    seconds: float
    """Median."""

    least: float
    most: float


@dataclass(frozen=True)
class StartupResults:
    """Of all commands, Python alone first."""

    starts: tuple[Start, ...]
    runs: int


def measure(runs: int = RUNS) -> StartupResults:
    """The commands in turn, round after round, so that what else the machine does strikes all alike."""
    seconds: dict[str, list[float]] = {command: [] for command in COMMANDS}
    for number in range(runs + 1):
        for command, arguments in COMMANDS.items():
            took = timed(arguments)
            if number:  # the first round fills the disk's cache
                seconds[command].append(took)
    starts = (Start(command, median(took), min(took), max(took)) for command, took in seconds.items())
    return StartupResults(tuple(starts), runs)


def timed(arguments: tuple[str, ...]) -> float:
    """Seconds until the interpreter has ended."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began
