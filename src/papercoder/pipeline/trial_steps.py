"""Trials as steps of a run: a trial that has a result never runs again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter

from papercoder.artifacts import RunData, SourceFile, Trial, TrialResult
from papercoder.artifacts.reproduction import Setting
from papercoder.errors import PaperCoderError
from papercoder.files.regular import write
from papercoder.runs.folder import digest
from papercoder.runs.run import PlainContext, Run, observes
from papercoder.stages.reproduction.places import TrialPlace
from papercoder.stages.reproduction.preparation import CONFIG, flat_settings
from papercoder.stages.reproduction.trial import OnProgress, TrialCaps, TrialOutcome, TrialRequest


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
        run = self._run(caps=caps, on_progress=on_progress, on_log=logs.append)
        while run.stored(measure_trial, request, attempt):
            attempt += 1
        try:
            result = await run.step(self._artifact(trial), measure_trial, request, attempt)
        finally:
            for log in logs:
                await asyncio.to_thread(write, run.folder, f"{self.folder}/logs/{trial.id}.log", log)
        if result.status == "done":
            await asyncio.to_thread(self._remember, request, result)
        return result.model_copy(update={"trial": trial})

    def _earlier_result(self, request: TrialRequest) -> TrialResult | None:
        """A result of the same code and data with other settings, none of which this trial reads."""
        now = flat_settings(self.files, self.settings)
        for result in self._results_with_any_settings(request):
            if all(now.get(key) == value for key, value in result.settings.items()):
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
