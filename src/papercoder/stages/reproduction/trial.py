"""One trial: run in a fresh copy in the sandbox, under its own caps; its result is read as untrusted input."""

import asyncio
import errno
import hashlib
import io
import json
import math
import os
import shutil
import time
import uuid
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy.lib.format as npy
from pydantic import Field, ValidationError

from papercoder.artifacts import Artifact, RunData, SourceFile, Trial, TrialResult
from papercoder.artifacts.execution import Outcome
from papercoder.artifacts.reproduction import Setting
from papercoder.environments.repository_copy import read_untrusted_file
from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, open_file, read_bytes, read_text, walk, write
from papercoder.runs.ownership import is_sealed, seal
from papercoder.sandbox.contract import GIB, MIB, Limits
from papercoder.stages.reproduction.preparation import MAIN, Preparation, options_of, repository_folder

_RESULTS, _CHECKPOINT = "results", ".checkpoint"
MOST_KEPT = 20_000_000
"""Bytes of all arrays of one trial, as in the shipped runner."""

_LARGEST_CHECKPOINT = 8 * GIB

_PATIENCE = 6
"""A probe without progress is stopped after this many times its length."""

_MOST_VALUES = 8
"""Values besides the fraction that a progress line may carry."""


class TrialRequest(Artifact):
    """A trial and everything that its result depends on."""

    trial: Trial
    files: tuple[SourceFile, ...]
    settings: tuple[Setting, ...] = ()
    scale: float = 1.0
    data: RunData = Field(default_factory=RunData)


@dataclass(frozen=True)
class TrialCaps:
    """How long a trial may take."""

    seconds: float = 24 * 3600.0
    """At this limit it counts as failed."""

    probe: float | None = None
    """Seconds after which it is stopped unless it is about to end; None: it runs to its end."""

    finish_within: float = 0.0
    """Seconds that a trial may still need after its probe to be about to end."""

    along: tuple[Trial, ...] = ()
    """Short trials that run after it in the same process, which saves their imports."""

    checkpoint: Path | None = None
    """Where its checkpoint is kept between its attempts, in a folder that exists; None: nowhere."""


@dataclass(frozen=True)
class Slot:
    """A share of the machine for one trial."""

    threads: int = 1
    """For libraries that would otherwise start one for each core."""

    memory: int = 8 * GIB
    """Bytes."""

    gpu: str | None = None
    """The number of the GPU that it may use."""


@dataclass(frozen=True)
class Progress:
    """What a running trial reported last."""

    fraction: float
    seconds_left: float | None
    values: Mapping[str, float] = field(default_factory=dict)


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class TrialOutcome:
    """What was observed of a trial."""

    result: TrialResult | None
    """None if a probe was stopped before the trial ended."""

    seconds: float
    total: float | None = None
    """The seconds that the whole trial takes, estimated from its progress; None if it reported none."""

    log: str = ""
    """The end of its output."""

    along: tuple[TrialResult, ...] = ()
    """The results of the trials that ran along with it."""

    arrays: Mapping[str, bytes] = field(default_factory=dict)
    """SHA-256 -> content of the files with the arrays that these results name."""


async def run_trial(
    preparation: Preparation, request: TrialRequest, caps: TrialCaps, slot: Slot, on_progress: OnProgress
) -> TrialOutcome:
    """Run one trial until it ends or reaches a cap.

    A trial that fails, diverges, reaches its cap or writes no valid result has a result that says so. If one of several
    in a process does not end well, the first one runs again alone, so that a failure costs itself alone.

    Raises:
        SandboxError: the sandbox could not be started.
    """
    reports = _ProgressReports(request.trial.id, on_progress)
    trials = (request.trial, *caps.along)
    wanted = (part for trial in trials for part in ("--trial", trial.id))
    argv = ("python", MAIN, *wanted, "--results", _RESULTS, *options_of(request.settings))
    limits = Limits(seconds=caps.seconds * len(trials), memory=slot.memory, disk=64 * GIB)
    async with repository_folder(request.files) as folder:
        _restore_checkpoint(folder, request.trial, caps.checkpoint)
        running = asyncio.ensure_future(
            preparation.run(argv, folder, limits, threads=slot.threads, gpu=slot.gpu, on_line=reports.read_line)
        )
        try:
            if caps.probe is not None and not await _ends_with_probe(running, reports, caps.probe, caps.finish_within):
                return TrialOutcome(None, reports.elapsed, reports.total)
            outcome = await running
        finally:
            running.cancel()  # no effect once it has ended
            await asyncio.wait([running])
            _keep_checkpoint(folder, request.trial, caps.checkpoint)
        results = [_read_result(folder, request, trial, outcome, limits) for trial in trials]
        arrays = [_read_arrays(folder / _RESULTS, result) for result in results]
    if caps.along and not (outcome.succeeded and all(result.status == "done" for result in results)):
        return await run_trial(preparation, request, replace(caps, along=()), slot, on_progress)
    seconds = results[0].seconds
    results = [
        result.model_copy(update={"arrays": {name: key for name, key in result.arrays.items() if key in found}})
        for result, found in zip(results, arrays, strict=True)
    ]
    return TrialOutcome(results[0], seconds, seconds, outcome.output, tuple(results[1:]), dict(ChainMap(*arrays)))


async def _ends_with_probe(
    running: "asyncio.Future[Outcome]", reports: "_ProgressReports", probe: float, finish_within: float
) -> bool:
    """Wait for the length of a probe, and longer if the trial is about to end or has not reported progress yet."""
    await asyncio.wait([running], timeout=probe)
    while not running.done() and reports.elapsed < _PATIENCE * probe + finish_within:
        if reports.total is None and reports.elapsed >= _PATIENCE * probe:
            return False
        if reports.total is not None and reports.total - reports.elapsed > max(probe, finish_within):
            return False
        await asyncio.wait([running], timeout=probe / 4)
    return running.done()


def _restore_checkpoint(folder: Path, trial: Trial, kept: Path | None) -> None:
    """Give a trial the checkpoint of its earlier attempt; the runner ignores one of other code or settings.

    A result is computed from it, so one that is not of this user's own attempt is ignored.
    """
    if kept is None or not kept.is_file():
        return
    digest, _, given = (read_text(kept.parent, _seal_name(kept)) or "").partition(" ")
    # The seal is checked first: someone else's file may be too large to be read.
    if is_sealed(_sealed_text(trial, digest), given) and digest == _digest(kept):
        (folder / _RESULTS).mkdir()
        shutil.copyfile(kept, folder / _RESULTS / f"{trial.id}{_CHECKPOINT}")


def _keep_checkpoint(folder: Path, trial: Trial, kept: Path | None) -> None:
    """Keep the checkpoint of a trial that was stopped; the runner deletes those of trials that have ended.

    One that is larger than any state in memory, such as a sparse file, or that would fill the disk is not kept.
    """
    if kept is None or not kept.parent.is_dir():
        return
    part = kept.with_name(f".{uuid.uuid4().hex}.part")
    try:
        _copy(open_file(folder, f"{_RESULTS}/{trial.id}{_CHECKPOINT}", os.O_RDONLY), part)
        digest = _digest(part)
        write(kept.parent, _seal_name(kept), f"{digest} {seal(_sealed_text(trial, digest))}")
        part.replace(kept)
    except (OSError, RunFolderError):  # there is none, it is not a regular file, or it is too large
        part.unlink(missing_ok=True)
        kept.unlink(missing_ok=True)


def _copy(descriptor: int, path: Path) -> None:
    """Write the content of an open file to a path; raises `OSError` if it is too large."""
    most = min(_LARGEST_CHECKPOINT, shutil.disk_usage(path.parent).free // 2)
    with os.fdopen(descriptor, "rb") as source:
        if os.fstat(descriptor).st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        with path.open("wb") as target:
            shutil.copyfileobj(source, target)


def _seal_name(kept: Path) -> str:
    return f"{kept.name}.seal"


def _sealed_text(trial: Trial, digest: str) -> str:
    return f"checkpoint of {trial.id}\n{digest}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _ProgressReports:
    """The progress lines of one trial: JSON objects with its id under `trial`. Other lines are ignored."""

    def __init__(self, trial: str, on_progress: OnProgress) -> None:
        self._trial, self._on_progress = trial, on_progress
        self._started = time.monotonic()
        self.total: float | None = None
        """The seconds that the whole trial takes, estimated from the last line."""

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def read_line(self, line: str) -> None:
        """Read a line of output, which may be anything."""
        if not line.startswith("{") or self._trial not in line:
            return
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            return
        numbers = {
            str(name): float(value)
            for name, value in content.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
        }
        fraction = numbers.pop("fraction", None)
        if content.get("trial") != self._trial or fraction is None or not 0 <= fraction <= 1:
            return
        left = numbers.pop("seconds_left", None)
        if fraction > 0:
            self.total = self.elapsed + (left if left is not None else self.elapsed * (1 - fraction) / fraction)
        values = dict(list(numbers.items())[:_MOST_VALUES])
        self._on_progress(Progress(fraction, None if self.total is None else self.total - self.elapsed, values))


def _read_result(folder: Path, request: TrialRequest, trial: Trial, outcome: Outcome, limits: Limits) -> TrialResult:
    """The result that a trial wrote, with the memory that was observed; a failure if there is none.

    Its time is the one that the trial gives, without the start of its process, if the process took as long.
    """
    results = folder / _RESULTS
    text = None if results.is_symlink() else read_untrusted_file(results, f"{trial.id}.json")
    observed = {
        "trial": trial,
        "scale": request.scale,
        "seconds": outcome.seconds,
        "peak_memory": outcome.peak_memory,
    }
    try:
        result = TrialResult.model_validate_json(text or "")
    except ValidationError:
        return TrialResult(status="failed", reason=_why(outcome, limits), **observed)
    if 0 <= result.seconds <= outcome.seconds:
        observed["seconds"] = result.seconds
    result = result.model_copy(update=observed)
    if result.status == "done" and not outcome.succeeded:
        return result.model_copy(update={"status": "failed", "reason": _why(outcome, limits)})
    if result.status == "done" and not result.measured:
        return result.model_copy(update={"status": "failed", "reason": "it measured nothing"})
    if bad := [name for name, value in result.measured.items() if not math.isfinite(value)]:
        return result.model_copy(update={"status": "diverged", "reason": f"not finite: {', '.join(bad)}"})
    return result


def _read_arrays(results: Path, result: TrialResult) -> dict[str, bytes]:
    """SHA-256 -> content of the arrays that a trial kept; those that are not as its result says are left out."""
    found: dict[str, bytes] = {}
    left = MOST_KEPT
    for name, digest in result.arrays.items():
        try:
            content = None if results.is_symlink() else read_bytes(results, f"{result.trial.id}/{name}.npy", left)
        except RunFolderError:  # it is a link, a special file, or too large
            continue
        if content and hashlib.sha256(content).hexdigest() == digest and is_array(content):
            found[digest] = content
            left -= len(content)
    return found


def is_array(content: bytes) -> bool:
    """Whether this is a file in NumPy's format that holds numbers alone, and as many as its head says."""
    file = io.BytesIO(content)
    try:
        major = npy.read_magic(file)[0]
        head = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
        shape, _, kind = head(file)
    except (ValueError, EOFError, SyntaxError, RecursionError, MemoryError):
        return False
    return kind.kind in "biufc" and math.prod(shape) * kind.itemsize == len(content) - file.tell()


def kept_array(sha256: str) -> str:
    """Where a run folder keeps the array with this SHA-256."""
    return f".store/arrays/{sha256}.npy"


def show_arrays(folder: Path, result: TrialResult, where: str) -> None:
    """Write the arrays of a result into a subfolder of the run folder, in place of what is there.

    An array that the run folder does not keep as it was observed is left out.
    """
    for old in list(walk(folder, where)):
        delete(folder, f"{where}/{old}")
    for name, sha256 in result.arrays.items():
        content = read_bytes(folder, kept_array(sha256))
        if content is not None and hashlib.sha256(content).hexdigest() == sha256:
            write(folder, f"{where}/{name}.npy", content)


def _why(outcome: Outcome, limits: Limits) -> str:
    """Why a trial has no result, in one sentence."""
    match outcome.limit:
        case "seconds":
            return f"it was ended at its cap of {limits.seconds:g} seconds"
        case "memory":
            return f"it was ended at its cap of {limits.memory / MIB:.0f} MiB of memory; fewer --workers leave more"
        case None:
            last = next((line.strip() for line in reversed(outcome.output.splitlines()) if line.strip()), "no output")
            ended = "it wrote no valid result" if outcome.exit_code == 0 else f"exit code {outcome.exit_code}"
            return f"{ended}: {last[:300]}"
        case limit:
            return f"it was ended at its cap on {limit}"
