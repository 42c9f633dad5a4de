"""What steps take, held against what the nodes of a cluster have: Ray lets a task that fits none of them wait for ever.

Nothing here knows Ray.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from papercoder.artifacts import StepName
from papercoder.bench.manifest.manifest import Resources
from papercoder.bench.manifest.trials import Trial
from papercoder.pipeline.execution import expected_executions
from papercoder.report.words import plural

GIB = 1 << 30

Node = Mapping[str, float]
"""What a node has, by Ray's names; memory in bytes."""

_NAMED = 3
"""Kinds of nodes that a complaint names."""


def most(resources: Mapping[StepName, Resources], steps: Iterable[StepName]) -> Resources:
    """The most that any of these steps takes; one processor where nothing is said."""
    asked = [resources[step] for step in steps if step in resources]

    def largest(name: str, unsaid: float) -> float:
        return max((value for each in asked if (value := getattr(each, name)) is not None), default=unsaid)

    memory = largest("memory", 0.0)
    return Resources(cpus=largest("cpus", 1.0), gpus=largest("gpus", 0.0), memory=memory or None)


def without_room(trials: Iterable[Trial], nodes: Sequence[Node]) -> str:
    """Which steps of these trials no node has room for, in a clause; empty where there is room for all."""
    needs = {
        steps: most(trial.resources, steps)
        for trial in trials
        for steps in expected_executions(trial.settings.sandbox, trial.settings.reproduce)
    }
    return next(filter(None, (no_room(steps, takes, nodes) for steps, takes in needs.items())), "")


def no_room(steps: Sequence[StepName], takes: Resources, nodes: Sequence[Node]) -> str:
    """That no node has what these steps take in one task, in a clause; empty where one has."""
    if any(_fits(takes, node) for node in nodes):
        return ""
    which = steps[0] if len(steps) == 1 else f"all from {steps[0]} to {steps[-1]}"
    return f"`resources`: {which} takes {_taken(takes)}, and no node of the cluster has that ({_had(nodes)})"


def _fits(takes: Resources, node: Node) -> bool:
    asked = {"CPU": takes.cpus, "GPU": takes.gpus, "memory": takes.memory and takes.memory * GIB}
    return all(node.get(name, 0.0) >= amount for name, amount in asked.items() if amount)


def _taken(takes: Resources) -> str:
    memory = f"{takes.memory:.4g} GiB of memory" if takes.memory else ""
    parts = (_counted(takes.cpus, "CPU"), _counted(takes.gpus, "GPU") if takes.gpus else "", memory)
    return ", ".join(filter(None, parts))


def _had(nodes: Sequence[Node]) -> str:
    kinds = Counter(map(_described, nodes)).most_common()
    named = [f"{plural(count, 'node')} with {kind}" for kind, count in kinds[:_NAMED]]
    return "; ".join([*named, *(["others"] if len(kinds) > _NAMED else [])]) or "it has none"


def _described(node: Node) -> str:
    memory = f"{node.get('memory', 0.0) / GIB:.3g} GiB of memory"
    return ", ".join((_counted(node.get("CPU"), "CPU"), _counted(node.get("GPU"), "GPU"), memory))


def _counted(amount: float | None, noun: str) -> str:
    return f"{amount or 0:g} {noun}{'' if amount == 1 else 's'}"
