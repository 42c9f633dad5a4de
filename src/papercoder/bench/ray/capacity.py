"""Compares the resources that steps need with those of the nodes: Ray queues a task that fits no node forever.

Independent of Ray.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from papercoder.artifacts import StepName
from papercoder.bench.manifest.entries import Entry
from papercoder.bench.manifest.manifest import Resources
from papercoder.clusters.ray import Node
from papercoder.pipeline.execution import expected_executions
from papercoder.report.formatting import plural

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
