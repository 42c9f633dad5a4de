"""Rungs as tasks of their own on a cluster, each with what it takes; all other steps stay where they are."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from papercoder.artifacts import RungName
from papercoder.bench.manifest import Resources
from papercoder.errors import PaperCoderError
from papercoder.events import Event
from papercoder.executor import Hand, Telling, rungs_of

H = TypeVar("H", bound=Hand)
P = ParamSpec("P")
T = TypeVar("T")

_GIB = 1 << 30
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
        performed = await _send(most(self._resources, rungs), make, inputs, named)
        for event in performed.events:
            cast("Telling", hand).emit(event)
        if performed.error:
            raise performed.error
        return cast("T", performed.value)


def most(resources: Mapping[RungName, Resources], rungs: Iterable[RungName]) -> Resources:
    """The most that any of these rungs takes; one processor where nothing is said."""
    asked = [resources[rung] for rung in rungs if rung in resources]

    def largest(name: str, unsaid: float) -> float:
        return max((value for each in asked if (value := getattr(each, name)) is not None), default=unsaid)

    memory = largest("memory", 0.0)
    return Resources(cpus=largest("cpus", 1.0), gpus=largest("gpus", 0.0), memory=memory or None)


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
        memory=None if needs.memory is None else int(needs.memory * _GIB),
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
