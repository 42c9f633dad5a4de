"""Where a step runs, and what a step declares so that it can run on another machine."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from papercoder.artifacts import StepName
from papercoder.runs.events import Emit

P = ParamSpec("P")
T = TypeVar("T")


class StepContext(Protocol):
    """What a run passes to every function that makes an artifact; `agents.agent.Agents` implements it."""

    def fingerprint(self, make: Callable[..., object]) -> object:
        """Everything in the context that the outcome of `make` depends on: prompts, formats, models."""


C = TypeVar("C", bound=StepContext)


class EmitsEvents(Protocol):
    """The part of a context that functions without agents need."""

    @property
    def emit(self) -> Emit:
        """Where events go."""


@dataclass(frozen=True)
class PlainContext:
    """The context of functions without agents: their results depend on their inputs alone."""

    emit: Emit

    def fingerprint(self, make: Callable[..., object]) -> object:  # noqa: ARG002
        """Nothing."""
        return None


F = TypeVar("F", bound=Callable[..., object])


def runs_execution_steps(*steps: StepName) -> Callable[[F], F]:
    """Declare which execution steps a function runs, so that an executor can choose a machine with enough resources.

    Such a function uses no agent: its context is only an `EmitsEvents`, and its inputs and result can be serialised.
    """

    def declare(make: F) -> F:
        make.execution_steps = steps  # type: ignore[attr-defined]
        return observes(make)

    return declare


def observes(make: F) -> F:
    """Declare that a function observes what code does: its results are used again with this user's seal only."""
    make.observes = True  # type: ignore[attr-defined]
    return make


def is_observation(make: Callable[..., object]) -> bool:
    """Whether a function observes what code does."""
    return getattr(make, "observes", False)


def execution_steps_of(make: Callable[..., object]) -> tuple[StepName, ...]:
    """The execution steps that a function runs; none for functions that call models."""
    steps: tuple[StepName, ...] = getattr(make, "execution_steps", ())
    return steps


class Executor(Protocol):
    """Runs the functions that make artifacts: in this event loop, or on a cluster."""

    async def perform(
        self, make: Callable[Concatenate[C, P], Awaitable[T]], context: C, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The result of `make` for this context and these inputs."""


class LocalExecutor:
    """Runs functions in the current event loop."""

    async def perform(
        self, make: Callable[Concatenate[C, P], Awaitable[T]], context: C, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The result of `make`."""
        return await make(context, *inputs, **named)
