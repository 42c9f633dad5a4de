"""Rungs as tasks of their own on a cluster, each with what it takes; all other steps stay where they are."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from papercoder.artifacts import RungName
from papercoder.bench.manifest.manifest import Resources
from papercoder.bench.ray.capacity import GIB, Node, most, no_room
from papercoder.errors import PaperCoderError
from papercoder.runs.events import Event, Warned
from papercoder.runs.executor import Hand, Telling, rungs_of

H = TypeVar("H", bound=Hand)
P = ParamSpec("P")
T = TypeVar("T")

_RETRIES = 3
"""Further tries of a task whose worker or node died."""


class ClusterError(PaperCoderError):
    """The cluster lost what was to be done there, or cannot do it."""


class OnCluster:
    """Sends steps that climb rungs away, with what these rungs take."""

    def __init__(self, resources: Mapping[RungName, Resources]) -> None:
        self._resources = resources

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], hand: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """What `make` makes, here or there.

        Raises:
            ClusterError: what it ran on was lost, again and again.
        """
        rungs = rungs_of(make)
        if not rungs:
            return await make(hand, *inputs, **named)
        takes = most(self._resources, rungs)
        if complaint := no_room(rungs, takes, await asyncio.to_thread(nodes_of, importlib.import_module("ray"))):
            cast("Telling", hand).emit(Warned(where="cluster", message=f"{complaint}; it waits until one has it"))
        performed = await _send(takes, make, inputs, named)
        for event in performed.events:
            cast("Telling", hand).emit(event)
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
    """The hand of a step that was sent away."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Keep it until the step comes back."""
        self.events.append(event)


def _perform(make: Callable[..., Awaitable[object]], inputs: tuple[Any, ...], named: dict[str, Any]) -> _Performed:
    hand = _Far()

    async def made() -> object:
        return await make(hand, *inputs, **named)

    try:
        value = asyncio.run(made())
    except PaperCoderError as error:
        return _Performed(tuple(hand.events), error=error)
    return _Performed(tuple(hand.events), value)


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
            "rungs more memory under `resources` in the manifest, or run the same command again; it resumes."
        ) from error
