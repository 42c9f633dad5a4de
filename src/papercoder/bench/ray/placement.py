"""Entries on a Ray cluster: a local one that is started for the bench, or a running one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.manifest.entries import Entry
from papercoder.bench.placement import Listener, RunEntry, SharedLimits
from papercoder.bench.ray.capacity import missing_capacity
from papercoder.bench.ray.host import Host
from papercoder.bench.ray.host_pool import HostPool, on_node
from papercoder.bench.ray.leases import Leases
from papercoder.bench.shares import share_count, wants_gpu
from papercoder.bench.stored_entry import restore
from papercoder.clusters.ray import LOCAL, connected, nodes_of, ray_address
from papercoder.errors import SettingsError

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
