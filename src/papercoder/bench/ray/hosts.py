"""The hosts of a cluster, and what becomes of a trial whose host dies."""

import asyncio
import importlib
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, cast

from papercoder.artifacts import TrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.placement import Shared, Tell
from papercoder.bench.ray.execution import ClusterError
from papercoder.bench.ray.host import Host, Order, Told
from papercoder.errors import PaperCoderError
from papercoder.models.catalog import find_provider

_IN_COMPANY = 3
"""Deaths of its host after which a trial has a host to itself, so that those beside it are not thought guilty."""

_MOST = 5
"""Deaths of its hosts after which it is given up; the last of them it had to itself."""

_STARTS = 10
"""Hosts that may be lost before they are there."""

_DOUBT = 30.0
"""Seconds that Ray may take to notice that a node is gone."""

_AT_ONCE = 10_000
"""Trials in a host; Ray would otherwise let some wait."""


@dataclass(eq=False)
class _Hosted:
    """A host as the driver sees it."""

    name: str
    node: str
    actor: Any
    trials: int = 0
    alone: bool = False
    begun: set[str] = field(default_factory=set)
    """Trials that it has told of."""


@dataclass
class Hosts:
    """One for each node, made anew where one dies."""

    ray: Any
    shared: Shared
    leases: Any
    tell: Tell
    kind: type[Host]
    _living: list[_Hosted] = field(default_factory=list)
    _deaths: dict[str, float] = field(default_factory=dict)
    """Node -> when a host last died there."""

    async def perform(self, trial: Trial) -> TrialResult:
        """Carry a trial out, on another host where its host dies: it goes on from what is kept.

        Raises:
            ClusterError: its hosts died again and again, or none could be started.
        """
        deaths, unstarted, reason = 0, 0, ""
        while deaths < _MOST and unstarted < _STARTS:
            host = self._take(alone=deaths >= _IN_COMPANY)
            try:
                return await self._on(host, trial, again=deaths + unstarted > 0)
            except (self.ray.exceptions.RayActorError, self.ray.exceptions.ActorUnschedulableError) as error:
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                await self._lose(host)
            finally:
                self._give_back(host)
            if trial.id in host.begun:
                deaths += 1
            else:  # it was on its way to a node that is gone, which says nothing of the trial
                unstarted += 1
                await asyncio.sleep(1)
        why = (
            f"its process died {deaths} times, at last with no other trial in it" if deaths == _MOST else "none started"
        )
        raise ClusterError(f"On the cluster {why}: {reason} What it had paid for is kept.")

    async def check(self) -> None:
        """Start a host on each node, to see whether all can run trials at all.

        Raises:
            ClusterError: one cannot, for PaperCoder is not installed there, or in another version.
        """
        hosts = [self._start([node], alone=False) for node in self._nodes()]
        try:
            await self.leases.spent.remote()
            versions = [await host.actor.version.remote() for host in hosts]
        except self.ray.exceptions.RayError as error:
            raise ClusterError(
                "The cluster's nodes cannot run PaperCoder: install the same version of it, with its extra `ray`, on "
                f"all of them ({next(iter(str(error).splitlines()), '')})."
            ) from error
        here = version("papercoder")
        if there := next((each for each in versions if each != here), None):
            raise ClusterError(f"The cluster has PaperCoder {there}, and this is {here}; install the same on all.")

    async def _on(self, host: _Hosted, trial: Trial, *, again: bool) -> TrialResult:
        order = Order(trial, self.leases, self.shared.max_cost, environment_of(trial), again)
        listening = asyncio.ensure_future(self._listen(host, order))
        try:
            return await asyncio.shield(listening)
        except asyncio.CancelledError:
            host.actor.stop.remote(trial.id)
            await asyncio.wait([listening])
            listening.exception()  # that it was interrupted is known here
            raise

    async def _listen(self, host: _Hosted, order: Order) -> TrialResult:
        async for reference in host.actor.run.options(num_returns="streaming").remote(order):
            told = cast("Told", await reference)
            host.begun.add(order.trial.id)
            if isinstance(told, TrialResult):
                return told
            if isinstance(told, PaperCoderError):
                raise told
            for event in told:
                self.tell(order.trial.id, event)
        raise ClusterError("it was interrupted")

    def _take(self, *, alone: bool) -> _Hosted:
        """A host of its own; else one on a node that has none, where none died of late; else that with least to do."""
        nodes = self._nodes()
        open_ = [host for host in self._living if not host.alone]
        free = set(nodes) - {host.node for host in open_} - self._lately
        wanted = alone or free or not open_
        host = self._start(free or nodes, alone) if wanted else min(open_, key=lambda each: each.trials)
        host.trials += 1
        return host

    def _nodes(self) -> list[str]:
        return [node["NodeID"] for node in self.ray.nodes() if node["Alive"]]

    @property
    def _lately(self) -> set[str]:
        """Nodes on which a host died a moment ago: they may be dying too, and Ray not know it yet."""
        return {node for node, at in self._deaths.items() if time.monotonic() - at < _DOUBT}

    def _start(self, nodes: Iterable[str], alone: bool) -> _Hosted:
        """A host where the last death is longest ago; there or nowhere, for Ray would else move it to a free node."""
        many = Counter(host.node for host in self._living)
        name, node = uuid.uuid4().hex, min(nodes, key=lambda each: (self._deaths.get(each, 0.0), many[each]))
        plain = {"env_vars": {"RAY_USE_UVLOOP": "0"}}  # whose way to start programs can lock up beside Ray's threads
        where = {"num_cpus": 0, "scheduling_strategy": on_node(node)}
        options = {**where, "max_concurrency": _AT_ONCE, "runtime_env": plain}
        host = _Hosted(name, node, self.ray.remote(self.kind).options(**options).remote(name), alone=alone)
        self._living.append(host)
        return host

    def _give_back(self, host: _Hosted) -> None:
        host.trials -= 1
        if host.alone:
            self._end(host)

    async def _lose(self, host: _Hosted) -> None:
        """End what is left of it, before another takes its trials, and give back what it held."""
        if host in self._living:
            self._deaths[host.node] = time.monotonic()
        self._end(host)
        await self.leases.forget.remote(host.name)

    def _end(self, host: _Hosted) -> None:
        if host in self._living:
            self._living.remove(host)
            self.ray.kill(host.actor)


def on_node(node: str) -> Any:
    """How Ray is told to put an actor on a node."""
    strategies = importlib.import_module("ray.util.scheduling_strategies")
    return strategies.NodeAffinitySchedulingStrategy(node, soft=False)


def environment_of(trial: Trial) -> dict[str, str]:
    """The variables with keys and addresses of the providers that a trial asks."""
    specs = {trial.settings.model, *trial.settings.models.values()}
    providers = filter(None, (find_provider(spec.partition(":")[0]) for spec in specs))
    names = {name for each in providers for name in each.variables}
    return {name: os.environ[name] for name in sorted(names) if name in os.environ}
