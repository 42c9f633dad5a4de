"""Runs trials side by side within a budget, in the planner's order; one that has a result never runs again."""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from papercoder.artifacts import RunData, SourceFile, Trial, TrialResult
from papercoder.artifacts.reproduction import Estimate, OmittedTrial, PlannedTrial, Setting, TrialKind, kind_of
from papercoder.errors import PaperCoderError
from papercoder.files.regular import write
from papercoder.runs.events import TrialEnded, TrialProgress, TrialStarted
from papercoder.runs.folder import digest
from papercoder.runs.run import PlainContext, Run, observes
from papercoder.stages.reproduction.order import Estimates, Step, Target, order
from papercoder.stages.reproduction.places import TrialPlace
from papercoder.stages.reproduction.preparation import CONFIG, flat_settings
from papercoder.stages.reproduction.trial import (
    OnProgress,
    Progress,
    TrialCaps,
    TrialOutcome,
    TrialRequest,
    kept_array,
    show_arrays,
)


class TrialStopped(PaperCoderError):
    """A trial was stopped at the end of its probe; an error, so that no step stores it as its result."""

    def __init__(self, outcome: TrialOutcome) -> None:
        super().__init__(f"the trial was stopped after {outcome.seconds:.0f} seconds")
        self.outcome = outcome


@dataclass(frozen=True)
class TrialContext(PlainContext):
    """Where and for how long a trial runs. Its result does not depend on this."""

    place: TrialPlace
    caps: TrialCaps = field(default_factory=TrialCaps)
    on_progress: OnProgress = lambda _: None
    on_log: Callable[[str], None] = lambda _: None
    on_array: Callable[[str, bytes], None] = lambda _, __: None
    """Keeps the content of an array by its SHA-256."""

    earlier: TrialResult | None = None
    """A result that the trial would have again, because all settings that it reads are the same."""


@observes
async def measure_trial(context: TrialContext, request: TrialRequest, attempt: int) -> TrialResult:  # noqa: ARG001
    """Run a trial; `attempt` counts those before it that failed.

    Raises:
        TrialStopped: it is a probe, and did not end within it.
    """
    if context.earlier:
        return context.earlier
    outcome = await context.place.run(request, context.caps, context.on_progress)
    context.on_log(outcome.log)
    if outcome.result is None:
        raise TrialStopped(outcome)
    for digest_of_array in outcome.result.arrays.values():
        await asyncio.to_thread(context.on_array, digest_of_array, outcome.arrays[digest_of_array])
    return outcome.result


_RESULTS = TypeAdapter(tuple[TrialResult, ...])


def _key(request: TrialRequest) -> str:
    """Where the results of a trial are stored, whatever its settings."""
    code = [file for file in request.files if file.path != CONFIG]
    return f"trial-{digest([request.trial, code, request.data])}"


@dataclass(frozen=True)
class TrialSteps:
    """The trials of one state of the code and its settings."""

    run: Run[Any]
    place: TrialPlace
    files: tuple[SourceFile, ...]
    """Those that a trial can read."""

    settings: tuple[Setting, ...] = ()
    scale: float = 1.0
    data: RunData = field(default_factory=RunData)
    folder: str = "reproduction"
    """Where in the run folder results are written."""

    @cached_property
    def _settings_now(self) -> dict[str, object]:
        """All settings of `config.yaml`, which takes a moment to read."""
        return flat_settings(self.files, self.settings)

    async def known(self, trial: Trial, retry_failed: bool = False) -> TrialResult | None:
        """The result that a trial has already; None if it has none, or it failed and is to be retried."""
        run, attempt = self._run(), 0
        request = self._request(trial)
        result: TrialResult | None = None
        while run.stored(measure_trial, request, attempt):
            result = await run.step(self._artifact(trial), measure_trial, request, attempt)
            if result.status == "done":
                break
            attempt += 1
        if attempt == 0 and (earlier := self._earlier_result(request)):
            result = await self._run(earlier=earlier).step(self._artifact(trial), measure_trial, request, 0)
        if result is None or (retry_failed and result.status != "done"):
            return None
        await asyncio.to_thread(self._show_arrays, result)
        return result.model_copy(update={"trial": trial})

    async def measure(self, trial: Trial, caps: TrialCaps, on_progress: OnProgress) -> TrialResult:
        """Run a trial that has no result, or whose attempts failed.

        Raises:
            TrialStopped: it is a probe, and did not end within it.
        """
        request, attempt = self._request(trial), 0
        logs: list[str] = []
        checkpoint = self.run.folder / ".store" / "checkpoints" / trial.id
        await asyncio.to_thread(checkpoint.parent.mkdir, parents=True, exist_ok=True)
        along = tuple(self._request(each).trial for each in caps.along)
        caps = replace(caps, checkpoint=checkpoint, along=along)
        run = self._run(caps=caps, on_progress=on_progress, on_log=logs.append, on_array=self._keep_array)
        while run.stored(measure_trial, request, attempt):
            attempt += 1
        try:
            result = await run.step(self._artifact(trial), measure_trial, request, attempt)
        finally:
            for log in logs:
                await asyncio.to_thread(write, run.folder, f"{self.folder}/logs/{trial.id}.log", log)
        if result.status == "done":
            await asyncio.to_thread(self._remember, request, result)
        await asyncio.to_thread(self._show_arrays, result)
        return result.model_copy(update={"trial": trial})

    def _keep_array(self, name: str, content: bytes) -> None:
        write(self.run.folder, kept_array(name), content)

    def _show_arrays(self, result: TrialResult) -> None:
        show_arrays(self.run.folder, result, f"{self.folder}/trials/{result.trial.id}")

    def _earlier_result(self, request: TrialRequest) -> TrialResult | None:
        """A result of the same code and data with other settings, none of which this trial reads."""
        for result in self._results_with_any_settings(request):
            if all(self._settings_now.get(key) == value for key, value in result.settings.items()):
                return result.model_copy(update={"scale": max(result.scale, self.scale)})
        return None

    def _remember(self, request: TrialRequest, result: TrialResult) -> None:
        results = (*self._results_with_any_settings(request), result)
        self.run.remember(_key(request), _RESULTS.dump_json(results).decode())

    def _results_with_any_settings(self, request: TrialRequest) -> tuple[TrialResult, ...]:
        text = self.run.recall(_key(request))
        return _RESULTS.validate_json(text) if text else ()

    def _artifact(self, trial: Trial) -> str:
        return f"{self.folder}/trials/{trial.id}.json"

    def _request(self, trial: Trial) -> TrialRequest:
        """The ids of claims are left out, because no result depends on them."""
        plain = trial.model_copy(update={"claims": ()})
        return TrialRequest(trial=plain, files=self.files, settings=self.settings, scale=self.scale, data=self.data)

    def _run(self, **changes: Any) -> Run[TrialContext]:
        context = replace(TrialContext(self.run.emit, self.place), **changes)
        return Run(self.run.folder, context, self.run.emit, self.run.store)


PROBE_SECONDS = 5.0
_PROBE_SHARE = 0.15
"""The share of the budget that probes may use."""

_FINISH_SHARE = 0.01
"""A trial that needs no more than this share of the budget after its probe runs to its end."""

_CAP_FACTOR, _LEAST_CAP = 10, 120.0
"""A trial counts as failed after this many times its estimate, and no earlier than after so many seconds."""

_SECONDS_BETWEEN_EVENTS = 2.0
_MOST_FAILURES = 2
"""After this many failures and no success, no further trial of the same kind runs."""

_BASES_TOGETHER = ("measured", "similar")
"""What the time of a trial must be known from for it to share a process."""

OnResult = Callable[[TrialResult], Awaitable[None]]


@dataclass
class _Running:
    """A trial that is running."""

    trial: Trial
    along: tuple[Trial, ...] = ()
    started: float = field(default_factory=time.monotonic)
    last: Progress | None = None
    reported: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self.started

    @property
    def total(self) -> float | None:
        """The seconds that it takes, as it reported last."""
        if self.last is None or self.last.seconds_left is None:
            return None
        return self.reported - self.started + self.last.seconds_left


@dataclass
class TrialSchedule:
    """The trials that should run, those that do, and the results so far."""

    steps: TrialSteps
    trials: Sequence[Trial]
    targets: Sequence[Target]
    """The claims that the trials decide."""

    budget: float
    """Seconds from `started` on."""

    on_result: OnResult
    max_trials: int | None = None
    started: float = field(default_factory=time.monotonic)
    estimates: Estimates = field(default_factory=Estimates)
    results: dict[str, TrialResult] = field(default_factory=dict)
    """Trial id -> its result."""

    seconds_kept: float = 0.0
    """Of all workers, for trials that ended in this invocation."""

    _start: float = 0.0
    """Seconds that a process takes before and after its trials, as the latest one did."""

    _came_along: set[str] = field(default_factory=set)
    """Trials that were started in the process of another one, which has their results."""

    _ended: int = 0
    _running: dict["asyncio.Task[None]", _Running] = field(default_factory=dict)

    @property
    def seconds_left(self) -> float:
        """Of the budget."""
        return self.started + self.budget - time.monotonic()

    def plan(self) -> tuple[tuple[PlannedTrial, ...], tuple[OmittedTrial, ...], float]:
        """The trials that the rest of the budget allows, those that it does not, and the seconds until the end."""
        workers = self.steps.place.workers
        free_at = [max(0.0, self._seconds(kind_of(each.trial)) - each.elapsed) for each in self._running.values()]
        free_at += [0.0] * (workers - len(free_at))
        heapq.heapify(free_at)
        planned: list[PlannedTrial] = []
        omitted = [OmittedTrial(id=trial.id, reason=reason) for trial, reason in self._hopeless()]
        for step in self._order():
            start, estimate = free_at[0], self.estimates.of(kind_of(step.trial))
            seconds = self._seconds(estimate.kind)
            if not self._may_run_more(len(planned)):
                omitted.append(OmittedTrial(id=step.trial.id, reason=f"only {self.max_trials} trials may run"))
            elif start + seconds > self.seconds_left:
                omitted.append(OmittedTrial(id=step.trial.id, reason=_too_long(estimate, self.seconds_left - start)))
            else:
                heapq.heapreplace(free_at, start + seconds)
                planned.append(PlannedTrial(id=step.trial.id, seconds=estimate.seconds, decides=step.decides))
        return tuple(planned), tuple(omitted), max(free_at)

    async def probe(self) -> None:
        """Run a trial of each kind about which nothing is known, for a few seconds; those that end are results."""
        share = self.started + self.budget * _PROBE_SHARE
        probe = min(PROBE_SECONDS, self.budget * _PROBE_SHARE / 2)
        tried: set[TrialKind] = set()

        def next_probe() -> tuple[Trial, TrialCaps] | None:
            if time.monotonic() > share or not self._may_run_more(len(self._running)):
                return None
            for step in self._order():
                kind = kind_of(step.trial)
                if kind not in self.estimates.known and kind not in tried and not self._is_surely_short(kind):
                    tried.add(kind)
                    return step.trial, TrialCaps(probe=probe, finish_within=max(2 * probe, self.budget * _FINISH_SHARE))
            return None

        await self._run_all(next_probe)

    async def run(self) -> None:
        """Run trials until all have a result or the budget ends, which stops those that are running."""

        def next_trial() -> tuple[Trial, TrialCaps] | None:
            if not self._may_run_more(len(self._running)):
                return None
            for step in self._order():
                kind = kind_of(step.trial)
                if self._start + self.estimates.seconds(kind) <= self.seconds_left:
                    return step.trial, replace(self._caps(kind), along=self._along(step.trial))
            return None

        await self._run_all(next_trial)

    async def run_one(self, trial: Trial) -> TrialResult:
        """Run one trial to its end, whatever the budget; one that failed runs again."""
        self.results.pop(trial.id, None)
        await self._measure(_Running(trial), self._caps(kind_of(trial)))
        return self.results[trial.id]

    async def _run_all(self, next_trial: Callable[[], tuple[Trial, TrialCaps] | None]) -> None:
        try:
            while True:
                while len(self._running) < self.steps.place.workers and (chosen := next_trial()):
                    running = _Running(chosen[0], chosen[1].along)
                    self._running[asyncio.create_task(self._measure(running, chosen[1]))] = running
                if not self._running:
                    return
                ended, _ = await asyncio.wait(
                    self._running, timeout=max(0.0, self.seconds_left), return_when=asyncio.FIRST_COMPLETED
                )
                if not ended:
                    return
                for task in ended:
                    del self._running[task]
                    task.result()
        finally:
            await self._stop_running()

    async def _stop_running(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    async def _measure(self, running: _Running, caps: TrialCaps) -> None:
        """Run a trial and record its result or, if it was stopped, what is known about its time."""
        trial, kind = running.trial, kind_of(running.trial)
        emit = self.steps.run.emit
        emit(TrialStarted(trial=trial.id, seconds=self.estimates.of(kind).seconds, probe=caps.probe is not None))

        def on_progress(progress: Progress) -> None:
            now = time.monotonic()
            if running.last and now - running.reported < _SECONDS_BETWEEN_EVENTS and progress.fraction < 1:
                return
            running.last, running.reported = progress, now
            if running.total is not None:  # a trial may take far longer than its probe could show
                self.estimates.stopped(kind, running.elapsed, running.total)
            emit(
                TrialProgress(
                    trial=trial.id,
                    fraction=progress.fraction,
                    seconds_left=progress.seconds_left,
                    values=dict(progress.values),
                )
            )

        try:
            result = await self.steps.measure(trial, caps, on_progress)
        except TrialStopped as stopped:
            self.estimates.stopped(kind, stopped.outcome.seconds, stopped.outcome.total)
            emit(TrialEnded(trial=trial.id, status="stopped", seconds=running.elapsed, reason="its time is estimated"))
            return
        except asyncio.CancelledError:
            self.estimates.stopped(kind, running.elapsed, running.total)
            why = "the budget ended" if self.seconds_left <= 0 else "it was interrupted"
            emit(TrialEnded(trial=trial.id, status="stopped", seconds=running.elapsed, reason=why))
            raise
        self.seconds_kept += running.elapsed
        self._ended += 1
        self.results[trial.id] = result
        if result.status == "done":
            self.estimates.measured(kind, result.seconds)
            if not running.along and trial.id not in self._came_along:
                self._start = max(0.0, running.elapsed - result.seconds)
        emit(TrialEnded(trial=trial.id, status=result.status, seconds=result.seconds, reason=result.reason))
        await self.on_result(result)

    def _along(self, first: Trial) -> tuple[Trial, ...]:
        """The next trials that run in the same process as a short one.

        Kinds without a measurement are among them if others are short: where the start of a process takes longer than
        a trial, one process for each kind would use up a small budget.
        """
        estimate = self.estimates.of(kind_of(first))
        left = (self.seconds_left - self._start) / 2  # what runs when the budget ends is lost, and estimates are rough
        together = min(self.steps.place.seconds_together, left)
        if estimate.basis not in _BASES_TOGETHER or self.max_trials is not None:
            return ()
        others = [step.trial for step in self._order() if step.trial != first]
        chosen: list[Trial] = []
        total = self.estimates.seconds(estimate.kind)
        for trial in others[: len(others) // self.steps.place.workers]:  # so that no worker waits for another
            total += self.estimates.seconds(kind_of(trial))
            if total > together or self.estimates.of(kind_of(trial)).basis not in _BASES_TOGETHER:
                break
            chosen.append(trial)
        self._came_along |= {trial.id for trial in chosen}
        return tuple(chosen)

    def _order(self) -> Iterator[Step]:
        """The trials without a result in their order, without those whose kind fails."""
        running = {trial.id for each in self._running.values() for trial in (each.trial, *each.along)}
        hopeless = {trial.id for trial, _ in self._hopeless()}
        gone = self.results.keys() | running | hopeless
        pending = [trial for trial in self.trials if trial.id not in gone]
        measured = [kind_of(result.trial) for result in self.results.values() if result.status == "done"]
        measured += [kind_of(each.trial) for each in self._running.values()]
        capacity = max(0.0, self.seconds_left) * self.steps.place.workers
        return order(self.targets, pending, measured, self._seconds, capacity)

    def _hopeless(self) -> Iterator[tuple[Trial, str]]:
        """Trials without a result of kinds that failed and never succeeded."""
        failed = Counter(kind_of(each.trial) for each in self.results.values() if each.status != "done")
        done = {kind_of(each.trial) for each in self.results.values() if each.status == "done"}
        for trial in self.trials:
            count = failed[kind_of(trial)]
            if trial.id not in self.results and count >= _MOST_FAILURES and kind_of(trial) not in done:
                yield trial, f"{count} other seeds failed"

    def _seconds(self, kind: TrialKind) -> float:
        """The time to plan with: a trial's own and, as short trials share processes, its part of a process's start."""
        seconds, together = self.estimates.seconds(kind), self.steps.place.seconds_together
        return seconds + self._start * (min(1.0, seconds / together) if together else 1.0)

    def _is_surely_short(self, kind: TrialKind) -> bool:
        """Whether a process of its own would take longer than such a trial, as far as similar ones tell."""
        return (
            self.steps.place.seconds_together > 0
            and self.estimates.follows(kind)
            and self.estimates.seconds(kind) < self._start
        )

    def _caps(self, kind: TrialKind) -> TrialCaps:
        estimate = self.estimates.of(kind)
        if estimate.seconds is None or estimate.basis not in {"measured", "progress"}:
            return TrialCaps()
        return TrialCaps(seconds=max(_LEAST_CAP, _CAP_FACTOR * estimate.seconds))

    def _may_run_more(self, planned: int) -> bool:
        return self.max_trials is None or self._ended + planned < self.max_trials


def _too_long(estimate: Estimate, left: float) -> str:
    if estimate.basis == "at_least":
        return f"it takes more than {estimate.seconds or 0:.0f} seconds, and {max(left, 0):.0f} are left"
    return f"it takes about {estimate.seconds or 0:.0f} seconds, and {max(left, 0):.0f} are left"
