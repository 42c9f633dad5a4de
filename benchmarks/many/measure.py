"""One paper alone, then many at once in one process and on a cluster."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.many.load import Load
from benchmarks.many.watching import Held, watching
from papercoder.errors import PaperCoderError

PAPERS, FILES, SPEED = 90, 8, 5.0
_LONGEST = 3600
"""Time limit in seconds."""

_REPOSITORY = Path(__file__).parents[2]
_SEEN: TypeAdapter[Load] = TypeAdapter(Load)


class LoadError(PaperCoderError):
    """The papers were not completed."""


@dataclass(frozen=True)
class Watched:
    """A load and the peak use of its processes."""

    load: Load
    held: Held


@dataclass(frozen=True)
class ManyResults:
    """The results."""

    files: int
    speed: float
    """Modelled seconds per real second."""

    alone: Watched
    together: Watched
    on_ray: Watched | None
    """None if Ray is not installed."""


def measure(papers: int = PAPERS, files: int = FILES, speed: float = SPEED, *, with_ray: bool = True) -> ManyResults:
    """One after the other.

    Raises:
        LoadError: a process ended without its result.
    """
    has_ray = with_ray and importlib.util.find_spec("ray") is not None
    return ManyResults(
        files=files,
        speed=speed,
        alone=watched(1, files, speed),
        together=watched(papers, files, speed),
        on_ray=watched(papers, files, speed, "--ray") if has_ray else None,
    )


def watched(papers: int, files: int, speed: float, *flags: str) -> Watched:
    """Run papers in a process of its own and watch what it holds.

    Raises:
        LoadError: it ended without its result.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.many.load", str(papers), str(files), str(speed), folder, *flags]
        with _started(command) as process, watching(lambda: [process.pid]) as peak:
            printed, complaints = process.communicate(timeout=_LONGEST)
    if process.returncode:
        raise LoadError(f"{papers} papers at once ended with code {process.returncode}: {complaints[-2000:]}")
    return Watched(_SEEN.validate_json(printed.splitlines()[-1]), peak.held)


@contextmanager
def _started(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
