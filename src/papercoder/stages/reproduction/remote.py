"""A trial on another machine: what a task of a cluster runs, and what its places share."""

import asyncio
from functools import lru_cache

from papercoder.artifacts import RunData, SourceFile, TrialResult
from papercoder.stages.reproduction.preparation import Preparation, prepare
from papercoder.stages.reproduction.trial import OnProgress, Slot, TrialCaps, TrialOutcome, TrialRequest, run_trial

TRIES = 4
"""How often a trial is started whose worker is lost."""


async def run_trial_here(
    request: TrialRequest, caps: TrialCaps, slot: Slot, sandbox: str, on_progress: OnProgress
) -> TrialOutcome:
    """Run a trial on this machine, after its packages are installed here.

    The data must be at the same paths as where the reproduction was started: in a cache on a shared folder.

    Raises:
        SandboxError: no sandbox works here.
        ReproductionError: the packages cannot be installed here.
    """
    preparation = await asyncio.to_thread(_prepared, request.files, request.data, sandbox)
    return await run_trial(preparation, request, caps, slot, on_progress)


@lru_cache(maxsize=4)
def _prepared(files: tuple[SourceFile, ...], data: RunData, sandbox: str) -> Preparation:
    """The preparation of one state of the code; a worker runs many trials of it."""
    return asyncio.run(prepare(files, sandbox, data))


def lost(request: TrialRequest, why: str) -> TrialOutcome:
    """The outcome of a trial whose worker was lost in every try."""
    reason = f"its worker was lost {TRIES} times ({why})"
    result = TrialResult(trial=request.trial, status="failed", reason=reason, scale=request.scale)
    return TrialOutcome(result, 0.0)
