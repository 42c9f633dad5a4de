"""Execution steps as Ray tasks with their own resources; all other steps run in the host."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from papercoder.artifacts import StepName
from papercoder.bench.manifest.manifest import Resources
from papercoder.bench.ray.capacity import GIB, required, unmet_needs
from papercoder.clusters.ray import ClusterError, nodes_of
from papercoder.errors import PaperCoderError
from papercoder.runs.events import Event, Warned
from papercoder.runs.run import EmitsEvents, StepContext, execution_steps_of

H = TypeVar("H", bound=StepContext)
P = ParamSpec("P")
T = TypeVar("T")

_RETRIES = 3
"""Of a task whose worker or node died."""


class ClusterExecutor:
    """Runs steps that execute generated code as tasks with the resources that the manifest gives."""

    def __init__(self, resources: Mapping[StepName, Resources]) -> None:
        self._resources = resources

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], context: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The result of `make`, from here or from a task.

        Raises:
            ClusterError: the task's worker or node was lost repeatedly.
        """
        steps = execution_steps_of(make)
        if not steps:
            return await make(context, *inputs, **named)
        needed = required(self._resources, steps)
        nodes = await asyncio.to_thread(nodes_of, importlib.import_module("ray"))
        if problem := unmet_needs(steps, needed, nodes):
            cast("EmitsEvents", context).emit(Warned(where="cluster", message=f"{problem}; waiting for such a node"))
        result = await _run_task(needed, make, inputs, named)
        for event in result.events:
            cast("EmitsEvents", context).emit(event)
        if result.error:
            raise result.error
        return cast("T", result.value)


@dataclass(frozen=True)
class _TaskResult:
    """What a task returns."""

    events: tuple[Event, ...]
    value: object = None
    error: PaperCoderError | None = None


@dataclass(frozen=True)
class _TaskContext:
    """The context of a step in a task."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Collect events until the task ends."""
        self.events.append(event)


def _task(make: Callable[..., Awaitable[object]], inputs: tuple[Any, ...], named: dict[str, Any]) -> _TaskResult:
    context = _TaskContext()

    async def run() -> object:
        return await make(context, *inputs, **named)

    try:
        value = asyncio.run(run())
    except PaperCoderError as error:
        return _TaskResult(tuple(context.events), error=error)
    return _TaskResult(tuple(context.events), value)


@cache
def _remote_task() -> Any:
    import ray  # noqa: PLC0415, an extra

    return ray.remote(_task)


async def _run_task(
    needs: Resources, make: Callable[..., Awaitable[object]], inputs: tuple[Any, ...], named: dict[str, Any]
) -> _TaskResult:
    import ray  # noqa: PLC0415, an extra

    task = _remote_task().options(
        name=make.__name__,
        num_cpus=needs.cpus,
        num_gpus=needs.gpus,
        memory=None if needs.memory is None else int(needs.memory * GIB),
        max_retries=_RETRIES,
    )
    reference = task.remote(make, inputs, named)
    try:
        return cast("_TaskResult", await reference)
    except asyncio.CancelledError:
        ray.cancel(reference)
        raise
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError) as error:
        raise ClusterError(
            f"The worker that ran the repository was lost {1 + _RETRIES} times ({type(error).__name__}). Give its "
            "steps more memory under `resources` in the manifest, or run the same command again to resume."
        ) from error
