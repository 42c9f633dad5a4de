"""Execution steps as Ray tasks with their own resources, which are compared with those of the nodes before.

Ray queues a task that fits no node forever. All other steps run in the host.
"""

import asyncio
import importlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from papercoder.artifacts import StepName
from papercoder.bench.manifest import Entry, Resources
from papercoder.errors import PaperCoderError
from papercoder.pipeline.publisher import expected_executions
from papercoder.report.formatting import plural
from papercoder.runs.events import Event, Warned
from papercoder.runs.run import EmitsEvents, StepContext, execution_steps_of
from papercoder.sandbox.ray import ClusterError, Node, nodes_of

GIB = 1 << 30

_LISTED = 3
"""Kinds of nodes that a message lists."""


def required(resources: Mapping[StepName, Resources], steps: Iterable[StepName]) -> Resources:
    """The maximum of these steps' resources; one CPU by default."""
    given = [resources[step] for step in steps if step in resources]

    def largest(name: str, default: float) -> float:
        return max((value for step in given if (value := getattr(step, name)) is not None), default=default)

    memory = largest("memory", 0.0)
    return Resources(cpus=largest("cpus", 1.0), gpus=largest("gpus", 0.0), memory=memory or None)


def missing_capacity(entries: Iterable[Entry], nodes: Sequence[Node]) -> str:
    """The first steps of these entries that fit no node, as a clause; empty if all fit."""
    needs = {
        steps: required(entry.resources, steps)
        for entry in entries
        for steps in expected_executions(entry.settings.sandbox)
    }
    return next(filter(None, (unmet_needs(steps, needed, nodes) for steps, needed in needs.items())), "")


def unmet_needs(steps: Sequence[StepName], needed: Resources, nodes: Sequence[Node]) -> str:
    """A clause if no node has the resources of these steps, which run as one task; empty if one has."""
    if any(_fits(needed, node) for node in nodes):
        return ""
    names = f"{steps[0]} needs" if len(steps) == 1 else f"{steps[0]} to {steps[-1]} need"
    return f"`resources`: {names} {_needed(needed)}, but no node of the cluster has that ({_available(nodes)})"


def _fits(needed: Resources, node: Node) -> bool:
    amounts = {"CPU": needed.cpus, "GPU": needed.gpus, "memory": needed.memory and needed.memory * GIB}
    return all(node.get(name, 0.0) >= amount for name, amount in amounts.items() if amount)


def _needed(needed: Resources) -> str:
    memory = f"{needed.memory:.4g} GiB of memory" if needed.memory else ""
    parts = (_count(needed.cpus, "CPU"), _count(needed.gpus, "GPU") if needed.gpus else "", memory)
    return ", ".join(filter(None, parts))


def _available(nodes: Sequence[Node]) -> str:
    kinds = Counter(map(_describe, nodes)).most_common()
    listed = [f"{plural(count, 'node')} with {kind}" for kind, count in kinds[:_LISTED]]
    return "; ".join([*listed, *(["others"] if len(kinds) > _LISTED else [])]) or "the cluster has no nodes"


def _describe(node: Node) -> str:
    memory = f"{node.get('memory', 0.0) / GIB:.3g} GiB of memory"
    return ", ".join((_count(node.get("CPU"), "CPU"), _count(node.get("GPU"), "GPU"), memory))


def _count(amount: float | None, noun: str) -> str:
    return f"{amount or 0:g} {noun}{'' if amount == 1 else 's'}"


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
