"""Trials as jobs of a Slurm cluster, through a queue on a shared folder."""

import asyncio
import importlib
import json
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from papercoder.errors import PaperCoderError, SettingsError
from papercoder.files.regular import read_text
from papercoder.sandbox.contract import GIB
from papercoder.stages.reproduction.remote import TRIES, lost, run_trial_here
from papercoder.stages.reproduction.trial import OnProgress, Progress, Slot, TrialCaps, TrialOutcome, TrialRequest

_INTERVAL = 1.0
"""Seconds between two looks at a job."""

_DEFAULT_WORKERS = 16
_MEMORY = 8 * GIB
_EXTRA_MINUTES = 30
"""Of a job beside its trial's cap, to install packages."""


class SlurmPlace:
    """Trials as Slurm jobs. A lost job costs only its trial, which is submitted again."""

    seconds_together = 0.0

    def __init__(
        self, folder: Path, sandbox: str, gpu: bool, workers: int | None, trials: int, cluster: str = "slurm"
    ) -> None:
        """Set up the queue.

        Args:
            folder: on a file system that all nodes share.
            sandbox: where trials run on a node.
            gpu: whether each trial needs a GPU.
            workers: jobs at a time.
            trials: no more jobs than this.
            cluster: `slurm`, or `local` for processes of this machine.

        Raises:
            SettingsError: submitit or Slurm is not installed.
        """
        try:
            submitit: Any = importlib.import_module("submitit")
        except ImportError:
            raise SettingsError("--on slurm needs the extra `slurm`: pip install 'papercoder[slurm]'.") from None
        try:
            self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        except RuntimeError as error:
            raise SettingsError(f"--on slurm: this machine has no Slurm commands ({error}).") from error
        self._lost = (submitit.core.utils.UncompletedJobError, submitit.core.utils.FailedJobError)
        self._folder, self._sandbox, self._gpu = folder, sandbox, gpu
        self._workers = max(1, min(workers or _DEFAULT_WORKERS, trials))

    @property
    def workers(self) -> int:
        """Jobs at a time."""
        return self._workers

    async def run(self, request: TrialRequest, caps: TrialCaps, on_progress: OnProgress) -> TrialOutcome:
        """Run a trial as a job; it is submitted again if it is lost.

        Raises:
            SandboxError: no sandbox works on its node.
            ReproductionError: the packages cannot be installed there.
        """
        self._executor.update_parameters(
            name="papercoder",
            timeout_min=int(caps.seconds / 60) + _EXTRA_MINUTES,
            cpus_per_task=1,
            mem_gb=_MEMORY / GIB,
            gpus_per_node=int(self._gpu),
        )
        slot = Slot(memory=_MEMORY, gpu="0" if self._gpu else None)
        problem = ""
        for _ in range(TRIES):
            report = self._folder / f"progress-{uuid.uuid4().hex}.json"
            job = await asyncio.to_thread(self._executor.submit, _job, request, caps, slot, self._sandbox, report)
            try:
                result = await self._outcome(job, report, on_progress)
            except self._lost as error:
                problem = str(error).partition("\n")[0]
                continue
            finally:
                await asyncio.to_thread(report.unlink, missing_ok=True)
            if isinstance(result, PaperCoderError):
                raise result
            return result
        return lost(request, problem)

    async def _outcome(self, job: Any, report: Path, on_progress: OnProgress) -> TrialOutcome | PaperCoderError:
        """Wait for a job, and cancel it if this is cancelled."""
        last = ""
        try:
            while not await asyncio.to_thread(job.done):
                await asyncio.sleep(_INTERVAL)
                text = await asyncio.to_thread(read_text, report.parent, report.name)
                if text and text != last:
                    last = text
                    on_progress(Progress(**json.loads(text)))
        except asyncio.CancelledError:
            await asyncio.to_thread(job.cancel)
            raise
        result: TrialOutcome | PaperCoderError = await asyncio.to_thread(job.result)
        return result


def _job(
    request: TrialRequest, caps: TrialCaps, slot: Slot, sandbox: str, report: Path
) -> TrialOutcome | PaperCoderError:
    """Run a trial in a job; its last progress is in a file."""

    def on_progress(progress: Progress) -> None:
        part = report.with_suffix(".part")
        part.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        part.replace(report)

    try:
        return asyncio.run(run_trial_here(request, caps, slot, sandbox, on_progress))
    except PaperCoderError as error:
        return error
