"""Trials as Ray tasks, with the CPUs, GPUs and memory that they need."""

import asyncio
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from papercoder.clusters.ray import ClusterError, Node, nodes_of
from papercoder.errors import PaperCoderError
from papercoder.stages.reproduction.remote import TRIES, lost, run_trial_here
from papercoder.stages.reproduction.trial import OnProgress, Progress, Slot, TrialCaps, TrialOutcome, TrialRequest

_Message = Progress | TrialOutcome | PaperCoderError

_MEMORY_SHARE = 0.9
"""Of the memory that Ray gives to tasks."""

_INTERVAL = 0.2
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
                message = messages.get(timeout=_INTERVAL)
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
