"""Who performs a step, and what a step that leaves for another machine has to say of itself."""

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from papercoder.artifacts import StepName
from papercoder.runs.events import Emit

P = ParamSpec("P")
T = TypeVar("T")


class StepContext(Protocol):
    """What a run hands to every function that makes an artifact (`agent.Ask`)."""

    def fingerprint(self, make: Callable[..., object]) -> object:
        """All of it that the outcome of `make` depends on: prompts, formats, models."""


H = TypeVar("H", bound=StepContext)


class EmitsEvents(Protocol):
    """All that a function which asks no agent needs of a context."""

    @property
    def emit(self) -> Emit:
        """Where events go."""


F = TypeVar("F", bound=Callable[..., object])


def runs_steps(*steps: StepName) -> Callable[[F], F]:
    """Declare which steps a step runs, for an executor that may find a machine with what they take.

    Such a function asks no agent: it needs no more than `EmitsEvents`, and its inputs and value can be sent.
    """

    def declare(make: F) -> F:
        make.steps = steps  # type: ignore[attr-defined]
        return make

    return declare


def steps_of(make: Callable[..., object]) -> tuple[StepName, ...]:
    """The steps that a step runs; none for steps that wait for models."""
    steps: tuple[StepName, ...] = getattr(make, "steps", ())
    return steps


class Executor(Protocol):
    """Who performs a step: this event loop, or a cluster."""

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], context: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """What `make` makes of the context and these inputs."""


class LocalExecutor:
    """The event loop that asks."""

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], context: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """What `make` makes."""
        return await make(context, *inputs, **named)
