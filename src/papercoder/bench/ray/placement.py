"""Trials on a Ray cluster: a local one that is started for the bench, or a running one."""

import asyncio
import importlib
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from papercoder.artifacts import BenchTrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.placement import Listener, RunTrial, SharedLimits
from papercoder.bench.ray.capacity import missing_capacity
from papercoder.bench.ray.execution import ClusterError, nodes_of
from papercoder.bench.ray.host import Host
from papercoder.bench.ray.host_pool import HostPool, on_node
from papercoder.bench.ray.leases import Leases
from papercoder.bench.stored_trial import restore
from papercoder.errors import SettingsError

RAY_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
}
"""No usage statistics, no warnings about future changes, and no logs of nodes that die."""

LOCAL = "local"
"""Ray's address for a new cluster on this machine."""

_PENDING_CALLS = 100_000
"""Calls that may wait in the `Leases` actor; if it were full, no lease could be returned."""


class RayPlacement:
    """Trials run in hosts, one per node; execution steps are tasks with their own resources."""

    def __init__(self, address: str | None = None, host: type[Host] = Host) -> None:
        """Choose a cluster.

        Args:
            address: `HOST:PORT`, or `auto` for the one on this machine. None: RAY_ADDRESS, or else a local one that is
                started and stopped with the bench.
            host: the class of the hosts.

        Raises:
            SettingsError: the address has another form.
        """
        self.address = address or os.environ.get("RAY_ADDRESS") or LOCAL
        if "://" in self.address:
            given = "--ray-address" if address else "RAY_ADDRESS"
            raise SettingsError(
                f"{given} {self.address} is not supported. Run the command on a machine of the cluster, with "
                "--ray-address auto."
            )
        self._host = host

    @asynccontextmanager
    async def open(self, limits: SharedLimits, trials: Sequence[Trial], listener: Listener) -> AsyncIterator[RunTrial]:
        """Connect, check the nodes, and share the rate limits and the budget among all hosts.

        Raises:
            SettingsError: Ray is not installed, or the local cluster is too small for a step.
            ClusterError: the cluster cannot be reached, or cannot run trials.
        """
        with connected(self.address) as ray:
            self._check_capacity(missing_capacity(trials, nodes_of(ray)), listener)
            hosts = HostPool(ray, limits, _start_leases(ray, limits), listener.on_event, self._host)
            await hosts.check()

            async def run_trial(trial: Trial) -> BenchTrialResult:
                try:
                    return await hosts.run(trial)
                finally:  # also after a failure, to count the calls that were paid for
                    await asyncio.to_thread(restore, trial)

            yield run_trial

    def _check_capacity(self, problem: str, listener: Listener) -> None:
        """A local cluster has a fixed size, so this is an error; a running one may grow."""
        if problem and self.address == LOCAL:
            raise SettingsError(f"{problem}. Request less, or give a larger cluster with --ray-address.")
        if problem:
            listener.on_warning(f"{problem}; the task waits for such a node.")


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """The `ray` module, connected to a cluster while the context is open.

    Raises:
        SettingsError: Ray is not installed.
        ClusterError: the cluster cannot be reached or started.
    """
    os.environ |= {name: value for name, value in RAY_VARIABLES.items() if name not in os.environ}
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise SettingsError("--on ray needs the extra `ray`: pip install 'papercoder[ray]'.") from None
    on_sigterm = signal.getsignal(signal.SIGTERM)
    own: dict[str, object] = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if address == LOCAL else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(_connection_error(address, next(iter(str(error).splitlines()), ""))) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_sigterm)  # Ray's handler would exit at once
    try:
        yield ray
    finally:
        ray.shutdown()


def _connection_error(address: str, reason: str) -> str:
    if address == LOCAL:
        return (
            f"No Ray cluster could be started on this machine ({reason}). Check that its temporary folder is writable "
            "(RAY_TMPDIR sets another), or run without --on ray."
        )
    return (
        f"The Ray cluster at {address} cannot be reached ({reason}). Check `ray status`, or leave out --ray-address to "
        "start a cluster on this machine."
    )


def _start_leases(ray: Any, limits: SharedLimits) -> Any:
    """Start the `Leases` actor on the driver's machine, so that they live and die together."""
    here = on_node(ray.get_runtime_context().get_node_id())
    options = {"num_cpus": 0, "scheduling_strategy": here, "max_concurrency": _PENDING_CALLS}
    return ray.remote(Leases).options(**options).remote(limits)
