"""Steps as tasks of their own on a cluster, each with what it takes; all other steps stay where they are."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from papercoder.artifacts import StepName
from papercoder.bench.manifest.manifest import Resources
from papercoder.bench.ray.capacity import GIB, Node, most, no_room
from papercoder.errors import PaperCoderError
from papercoder.runs.events import Event, Warned
from papercoder.runs.executor import EmitsEvents, StepContext, execution_steps_of

H = TypeVar("H", bound=StepContext)
P = ParamSpec("P")
T = TypeVar("T")

_RETRIES = 3
"""Further tries of a task whose worker or node died."""


class ClusterError(PaperCoderError):
    """The cluster lost what was to be done there, or cannot do it."""


class OnCluster:
    """Sends steps that climb steps away, with what these steps take."""

    def __init__(self, resources: Mapping[StepName, Resources]) -> None:
        self._resources = resources

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], context: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """What `make` makes, here or there.

        Raises:
            ClusterError: what it ran on was lost, again and again.
        """
        steps = execution_steps_of(make)
        if not steps:
            return await make(context, *inputs, **named)
        takes = most(self._resources, steps)
        if complaint := no_room(steps, takes, await asyncio.to_thread(nodes_of, importlib.import_module("ray"))):
            cast("EmitsEvents", context).emit(
                Warned(where="cluster", message=f"{complaint}; it waits until one has it")
            )
        performed = await _send(takes, make, inputs, named)
        for event in performed.events:
            cast("EmitsEvents", context).emit(event)
        if performed.error:
            raise performed.error
        return cast("T", performed.value)


def nodes_of(ray: Any) -> list[Node]:
    """What each living node of the cluster has."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


@dataclass(frozen=True)
class _Performed:
    """What comes back from a step that was sent away."""

    events: tuple[Event, ...]
    value: object = None
    error: PaperCoderError | None = None


@dataclass(frozen=True)
class _Far:
    """The context of a step that was sent away."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Keep it until the step comes back."""
        self.events.append(event)


def _perform(make: Callable[..., Awaitable[object]], inputs: tuple[Any, ...], named: dict[str, Any]) -> _Performed:
    context = _Far()

    async def made() -> object:
        return await make(context, *inputs, **named)

    try:
        value = asyncio.run(made())
    except PaperCoderError as error:
        return _Performed(tuple(context.events), error=error)
    return _Performed(tuple(context.events), value)


@cache
def _task() -> Any:
    import ray  # noqa: PLC0415, an extra

    return ray.remote(_perform)


async def _send(
    needs: Resources, make: Callable[..., Awaitable[object]], inputs: tuple[Any, ...], named: dict[str, Any]
) -> _Performed:
    import ray  # noqa: PLC0415, an extra

    task = _task().options(
        name=make.__name__,
        num_cpus=needs.cpus,
        num_gpus=needs.gpus,
        memory=None if needs.memory is None else int(needs.memory * GIB),
        max_retries=_RETRIES,
    )
    reference = task.remote(make, inputs, named)
    try:
        return cast("_Performed", await reference)
    except asyncio.CancelledError:
        ray.cancel(reference)
        raise
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError) as error:
        raise ClusterError(
            f"What ran the repository on the cluster was lost {1 + _RETRIES} times ({type(error).__name__}). Give its "
            "steps more memory under `resources` in the manifest, or run the same command again; it resumes."
        ) from error
