"""Entries on a Ray cluster, a local one that is started for the bench or a running one. Any of its hosts may die."""

import asyncio
import importlib
import os
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, cast

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.manifest import Entry
from papercoder.bench.placement import Listener, OnEvent, RunEntry, SharedLimits
from papercoder.bench.ray.execution import missing_capacity
from papercoder.bench.ray.host import EntryRequest, Host, HostMessage
from papercoder.bench.ray.leases import Leases
from papercoder.bench.shared import share_count, wants_gpu
from papercoder.bench.store import restore
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.models.catalog import find_provider
from papercoder.sandbox.ray import LOCAL, ClusterError, connected, nodes_of, ray_address

_SHARED_TRIES = 3
"""Deaths of its host after which an entry gets a host of its own, so that it no longer disturbs others."""

_TRIES = 5
"""Deaths of its hosts after which an entry fails; in the last ones it was alone."""

_STARTS = 10
"""Hosts that may be lost before the entry starts."""

_GRACE = 30.0
"""Seconds that Ray may take to notice that a node is gone."""

_CONCURRENCY = 10_000
"""Entries per host; Ray queues calls above it."""


@dataclass(eq=False)
class _HostHandle:
    """A host, as the driver sees it."""

    name: str
    node: str
    actor: Any
    entries: int = 0
    alone: bool = False
    started: set[str] = field(default_factory=set)
    """Ids of the entries that it started."""


@dataclass
class HostPool:
    """One host per node; a dead one is replaced."""

    ray: Any
    limits: SharedLimits
    leases: Any
    on_event: OnEvent
    host_class: type[Host]
    workers: int = 1
    """Trials of each entry that run side by side."""

    _living: list[_HostHandle] = field(default_factory=list)
    _deaths: dict[str, float] = field(default_factory=dict)
    """Node -> when a host last died there."""

    async def run(self, entry: Entry) -> BenchEntryResult:
        """Run an entry. If its host dies, it resumes on another.

        Raises:
            ClusterError: its hosts died repeatedly, or none started.
        """
        deaths, lost_starts, reason = 0, 0, ""
        while deaths < _TRIES and lost_starts < _STARTS:
            host = self._acquire(alone=deaths >= _SHARED_TRIES)
            try:
                return await self._run_on(host, entry, retry=deaths + lost_starts > 0)
            except (self.ray.exceptions.RayActorError, self.ray.exceptions.ActorUnschedulableError) as error:
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                await self._discard(host)
            finally:
                self._release(host)
            if entry.id in host.started:
                deaths += 1
            else:  # the node was gone before the entry started, so the entry is not the cause
                lost_starts += 1
                await asyncio.sleep(1)
        problem = (
            f"Its process on the cluster died {deaths} times, the last time without other entries in it"
            if deaths == _TRIES
            else "No process for it could be started on the cluster"
        )
        raise ClusterError(f"{problem}: {reason} Paid answers are kept.")

    async def check(self) -> None:
        """Start a host on each node, to check that all nodes can run entries.

        Raises:
            ClusterError: PaperCoder is missing on a node, or has another version there.
        """
        hosts = [self._start([node], alone=False) for node in self._nodes()]
        try:
            await self.leases.spent.remote()
            versions = [await host.actor.version.remote() for host in hosts]
        except self.ray.exceptions.RayError as error:
            raise ClusterError(
                "The cluster's nodes cannot run PaperCoder. Install the same version with the extra `ray` on all of "
                f"them ({next(iter(str(error).splitlines()), '')})."
            ) from error
        own = version("papercoder")
        if other := next((found for found in versions if found != own), None):
            raise ClusterError(f"The cluster has PaperCoder {other}, this is {own}. Install the same version on all.")

    async def _run_on(self, host: _HostHandle, entry: Entry, *, retry: bool) -> BenchEntryResult:
        request = EntryRequest(entry, self.leases, self.limits.max_cost, provider_variables(entry), retry, self.workers)
        listening = asyncio.ensure_future(self._listen(host, request))
        try:
            return await asyncio.shield(listening)
        except asyncio.CancelledError:
            host.actor.stop.remote(entry.id)
            await asyncio.wait([listening])
            listening.exception()  # retrieved, so that asyncio does not report it
            raise

    async def _listen(self, host: _HostHandle, request: EntryRequest) -> BenchEntryResult:
        async for reference in host.actor.run.options(num_returns="streaming").remote(request):
            message = cast("HostMessage", await reference)
            host.started.add(request.entry.id)
            if isinstance(message, BenchEntryResult):
                return message
            if isinstance(message, PaperCoderError):
                raise message
            for event in message:
                self.on_event(request.entry.id, event)
        raise ClusterError("it was interrupted")

    def _acquire(self, *, alone: bool) -> _HostHandle:
        """A host of its own; or one on a node that has none and lost none recently; or the least busy one."""
        nodes = self._nodes()
        shared = [host for host in self._living if not host.alone]
        # A node that just lost a host may be dying, and Ray may not know it yet.
        recent = {node for node, at in self._deaths.items() if time.monotonic() - at < _GRACE}
        free = set(nodes) - {host.node for host in shared} - recent
        start = alone or free or not shared
        host = self._start(free or nodes, alone) if start else min(shared, key=lambda host: host.entries)
        host.entries += 1
        return host

    def _nodes(self) -> list[str]:
        return [node["NodeID"] for node in self.ray.nodes() if node["Alive"]]

    def _start(self, nodes: Iterable[str], alone: bool) -> _HostHandle:
        """Start a host on the node whose last death is longest ago, and only there."""
        count = Counter(host.node for host in self._living)
        name, node = uuid.uuid4().hex, min(nodes, key=lambda node: (self._deaths.get(node, 0.0), count[node]))
        options = {
            "num_cpus": 0,
            "scheduling_strategy": on_node(node),
            "max_concurrency": _CONCURRENCY,
            # uvloop can deadlock beside Ray's threads when it starts programs.
            "runtime_env": {"env_vars": {"RAY_USE_UVLOOP": "0"}},
        }
        host = _HostHandle(name, node, self.ray.remote(self.host_class).options(**options).remote(name), alone=alone)
        self._living.append(host)
        return host

    def _release(self, host: _HostHandle) -> None:
        host.entries -= 1
        if host.alone:
            self._kill(host)

    async def _discard(self, host: _HostHandle) -> None:
        """Kill a dead host's remains before its entries resume elsewhere, and return its leases."""
        if host in self._living:
            self._deaths[host.node] = time.monotonic()
        self._kill(host)
        await self.leases.forget.remote(host.name)

    def _kill(self, host: _HostHandle) -> None:
        if host in self._living:
            self._living.remove(host)
            self.ray.kill(host.actor)


def on_node(node: str) -> Any:
    """A Ray scheduling strategy: on this node only."""
    strategies = importlib.import_module("ray.util.scheduling_strategies")
    return strategies.NodeAffinitySchedulingStrategy(node, soft=False)


def provider_variables(entry: Entry) -> dict[str, str]:
    """The environment variables with the keys and addresses of an entry's providers."""
    specs = {entry.settings.model, *entry.settings.models.values()}
    providers = filter(None, (find_provider(spec.partition(":")[0]) for spec in specs))
    names = {name for provider in providers for name in provider.variables}
    return {name: os.environ[name] for name in sorted(names) if name in os.environ}


_PENDING_CALLS = 100_000
"""Calls that may wait in the `Leases` actor; if it were full, no lease could be returned."""


class RayPlacement:
    """Entries run in hosts, one per node; execution steps are tasks with their own resources."""

    def __init__(self, address: str | None = None, host: type[Host] = Host) -> None:
        """Choose a cluster.

        Args:
            address: `HOST:PORT`, or `auto` for the one on this machine. None: RAY_ADDRESS, or else a local one that is
                started and stopped with the bench.
            host: the class of the hosts.

        Raises:
            SettingsError: the address has another form.
        """
        self.address = ray_address(address)
        if "://" in self.address:
            given = "--ray-address" if address else "RAY_ADDRESS"
            raise SettingsError(
                f"{given} {self.address} is not supported. Run the command on a machine of the cluster, with "
                "--ray-address auto."
            )
        self._host = host

    @asynccontextmanager
    async def open(self, limits: SharedLimits, entries: Sequence[Entry], listener: Listener) -> AsyncIterator[RunEntry]:
        """Connect, check the nodes, and share the rate limits and the budget among all hosts.

        Raises:
            SettingsError: Ray is not installed, or the local cluster is too small for a step.
            ClusterError: the cluster cannot be reached, or cannot run entries.
        """
        with connected(self.address) as ray:
            nodes = nodes_of(ray)
            self._check_capacity(missing_capacity(entries, nodes), listener)
            unit = "GPU" if wants_gpu(entries) else "CPU"
            capacity = int(sum(node.get(unit, 0.0) for node in nodes))
            shares = share_count(entries, limits.entries_at_once, capacity)
            leases, workers = _start_leases(ray, limits, shares), max(1, capacity // shares)
            hosts = HostPool(ray, limits, leases, listener.on_event, self._host, workers)
            await hosts.check()

            async def run_entry(entry: Entry) -> BenchEntryResult:
                try:
                    return await hosts.run(entry)
                finally:  # also after a failure, to count the calls that were paid for
                    await asyncio.to_thread(restore, entry)

            yield run_entry

    def _check_capacity(self, problem: str, listener: Listener) -> None:
        """A local cluster has a fixed size, so this is an error; a running one may grow."""
        if problem and self.address == LOCAL:
            raise SettingsError(f"{problem}. Request less, or give a larger cluster with --ray-address.")
        if problem:
            listener.on_warning(f"{problem}; the task waits for such a node.")


def _start_leases(ray: Any, limits: SharedLimits, shares: int) -> Any:
    """Start the `Leases` actor on the driver's machine, so that they live and die together."""
    here = on_node(ray.get_runtime_context().get_node_id())
    options = {"num_cpus": 0, "scheduling_strategy": here, "max_concurrency": _PENDING_CALLS}
    return ray.remote(Leases).options(**options).remote(limits, shares)
