"""Where trials run: the contract, this machine, Ray, and a Slurm cluster."""

import asyncio
import importlib
import json
import os
import queue
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

from papercoder.artifacts import RunData, SourceFile, TrialResult
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.files.regular import read_text
from papercoder.sandbox.contract import GIB
from papercoder.sandbox.gpu import NVIDIA
from papercoder.sandbox.ray import ClusterError, Node, nodes_of
from papercoder.stages.reproduction.preparation import Preparation, prepare
from papercoder.stages.reproduction.trial import (
    OnProgress,
    Progress,
    Slot,
    TrialCaps,
    TrialOutcome,
    TrialRequest,
    run_trial,
)

_LEAST_MEMORY = 2 * GIB
"""Bytes that each of several trials side by side should have."""


class TrialPlace(Protocol):
    """A machine or a cluster that runs trials."""

    @property
    def workers(self) -> int:
        """How many trials it runs side by side."""

    @property
    def seconds_together(self) -> float:
        """How long short trials may run one after the other in one process; 0: each has its own."""

    async def run(self, request: TrialRequest, caps: TrialCaps, on_progress: OnProgress) -> TrialOutcome:
        """Run a trial. Cancelling this stops the trial.

        Raises:
            PaperCoderError: no trial can run there.
        """


@dataclass
class LocalPlace:
    """Trials in the sandbox of this machine, each with its share of cores, memory and GPUs."""

    preparation: Preparation
    slots: Sequence[Slot]

    seconds_together: float = 15.0
    """As in the contract: a kill costs no more than this."""

    def __post_init__(self) -> None:
        self._early: dict[str, TrialOutcome] = {}
        """Outcomes of trials that ran along with others, by trial."""
        self._free: asyncio.Queue[Slot] = asyncio.Queue()
        for slot in self.slots:
            self._free.put_nowait(slot)

    @property
    def workers(self) -> int:
        """One for each slot."""
        return len(self.slots)

    async def run(self, request: TrialRequest, caps: TrialCaps, on_progress: OnProgress) -> TrialOutcome:
        """Run a trial in the next slot that is free, unless it ran along with another one."""
        if early := self._early.pop(request.trial.id, None):
            return early
        slot = await self._free.get()
        try:
            outcome = await run_trial(self.preparation, request, caps, slot, on_progress)
        finally:
            self._free.put_nowait(slot)
        for each in outcome.along:
            arrays = {digest: outcome.arrays[digest] for digest in each.arrays.values()}
            self._early[each.trial.id] = TrialOutcome(each, each.seconds, each.seconds, arrays=arrays)
        return outcome


def local_slots(workers: int | None, trials: int, gpu: bool) -> tuple[Slot, ...]:
    """The shares of this machine for its workers.

    Args:
        workers: None: one for each core or, with GPUs, for each GPU, as far as the memory allows.
        trials: no more workers than this.
        gpu: whether trials use GPUs.
    """
    cores, memory, gpus = usable_cores(), usable_memory(), usable_gpus() if gpu else ()
    allowed = min(len(gpus) or cores, max(1, memory // _LEAST_MEMORY))
    count = max(1, min(workers or allowed, trials))
    return tuple(
        Slot(
            threads=max(1, cores // count),
            memory=memory // count,
            gpu=gpus[index % len(gpus)] if gpus else None,
        )
        for index in range(count)
    )


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_memory() -> int:
    """Bytes of memory that are free now; 8 GiB where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 8 * GIB
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(found) * 1024 if found else 8 * GIB


def usable_gpus() -> tuple[str, ...]:
    """The numbers of the GPUs that are ours."""
    if chosen := os.environ.get("CUDA_VISIBLE_DEVICES"):
        return tuple(part.strip() for part in chosen.split(",") if part.strip())
    cards = [name for name in NVIDIA.devices if name.removeprefix("/dev/nvidia").isdigit()]
    return tuple(str(index) for index in range(len(cards)))


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


_Message = Progress | TrialOutcome | PaperCoderError

_MEMORY_SHARE = 0.9
"""Of the memory that Ray gives to tasks."""

_RAY_INTERVAL = 0.2
"""Seconds after which a task notices that it was cancelled."""


class RayPlace:
    """Trials on a cluster to which this process is connected. A lost node costs only what was running there."""

    seconds_together = 0.0

    def __init__(self, ray: Any, sandbox: str, gpu: bool, workers: int | None, trials: int) -> None:
        """Share the cluster among trials.

        Raises:
            ClusterError: no node has a GPU, and one is needed.
        """
        self._ray, self._sandbox, self._gpu = ray, sandbox, gpu
        nodes = nodes_of(ray)
        capacity = int(sum(node.get("GPU" if gpu else "CPU", 0.0) for node in nodes))
        if not capacity:
            raise ClusterError(f"No node of the Ray cluster has a {'GPU' if gpu else 'CPU'}.")
        self._memory = _memory_of_one(nodes)
        self._workers = max(1, min(workers or capacity, capacity, trials))

    @property
    def workers(self) -> int:
        """Trials that run side by side."""
        return self._workers

    async def run(self, request: TrialRequest, caps: TrialCaps, on_progress: OnProgress) -> TrialOutcome:
        """Run a trial as a task; Ray starts it again if its worker or node is lost.

        Raises:
            SandboxError: no sandbox works on its node.
            ReproductionError: the packages cannot be installed there.
        """
        task = _remote_task().options(
            num_cpus=1, num_gpus=int(self._gpu), memory=self._memory, max_retries=TRIES - 1, num_returns="streaming"
        )
        slot = Slot(memory=self._memory)
        messages = task.remote(request, caps, slot, self._sandbox, self._gpu)
        errors = self._ray.exceptions
        try:
            async for reference in messages:
                match await reference:
                    case Progress() as progress:
                        on_progress(progress)
                    case TrialOutcome() as outcome:
                        return outcome
                    case PaperCoderError() as error:
                        raise error
        except asyncio.CancelledError:
            self._ray.cancel(messages)
            raise
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as error:
            return lost(request, type(error).__name__)
        return lost(request, "its task ended without a result")


def _memory_of_one(nodes: Sequence[Node]) -> int:
    """Bytes for each trial, so that every CPU of every node can run one."""
    return int(min(_MEMORY_SHARE * node.get("memory", 0.0) / max(node.get("CPU", 1.0), 1.0) for node in nodes))


@cache
def _remote_task() -> Any:
    import ray  # noqa: PLC0415, an extra

    return ray.remote(_task)


def _task(request: TrialRequest, caps: TrialCaps, slot: Slot, sandbox: str, gpu: bool) -> Iterator[_Message]:
    """Run a trial in a thread; yields its progress and then its outcome. Stops it if the task is cancelled."""
    messages: queue.Queue[_Message] = queue.Queue()
    if gpu:
        slot = Slot(slot.threads, slot.memory, os.environ.get("CUDA_VISIBLE_DEVICES", "0"))
    loop = asyncio.new_event_loop()
    work = loop.create_task(run_trial_here(request, caps, slot, sandbox, messages.put))
    thread = threading.Thread(target=_run, args=(loop, work, messages))
    thread.start()
    try:
        while True:
            try:
                message = messages.get(timeout=_RAY_INTERVAL)
            except queue.Empty:
                continue
            yield message
            if not isinstance(message, Progress):
                return
    finally:
        loop.call_soon_threadsafe(work.cancel)  # no effect once it has ended
        thread.join()
        loop.close()


def _run(
    loop: asyncio.AbstractEventLoop, work: "asyncio.Task[TrialOutcome]", messages: "queue.Queue[_Message]"
) -> None:
    try:
        messages.put(loop.run_until_complete(work))
    except PaperCoderError as error:
        messages.put(error)
    except asyncio.CancelledError:
        pass  # nobody waits for a message


_SLURM_INTERVAL = 1.0
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
        """Set up the queue in a new folder: results of jobs are unpickled, so none may lie there before.

        Args:
            folder: on a file system that all nodes share; the new folder is below it.
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
        folder = folder / uuid.uuid4().hex
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
                await asyncio.sleep(_SLURM_INTERVAL)
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
