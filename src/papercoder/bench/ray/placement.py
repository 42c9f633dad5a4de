"""Trials on a Ray cluster: a local one that is started for them, or one that is there."""

import asyncio
import importlib
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from papercoder.artifacts import TrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.placement import Perform, Shared
from papercoder.bench.ray.capacity import without_room
from papercoder.bench.ray.execution import ClusterError, nodes_of
from papercoder.bench.ray.host import Host
from papercoder.bench.ray.hosts import Hosts, on_node
from papercoder.bench.ray.leases import Leases
from papercoder.bench.stored_trial import bring_back
from papercoder.bench.watcher import Watcher
from papercoder.errors import SettingsError

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
}
"""Variables: nothing is sent to anybody, no warning is printed of a change to come, and no log of a node that dies."""

LOCAL = "local"
"""Ray's word for a cluster on this machine that is started now."""

_CALLS_AT_ONCE = 100_000
"""Calls that may wait in the actor of the leases; were it full, none could be given back."""


class OnRay:
    """Hosts carry the trials out, one for each node; steps are tasks with resources of their own."""

    def __init__(self, address: str | None = None, host: type[Host] = Host) -> None:
        """Name a cluster.

        Args:
            address: `HOST:PORT`, or `auto` for the one on this machine; None: what RAY_ADDRESS says, else a local
                one is started, and ended with the bench.
            host: what carries the trials out there.

        Raises:
            SettingsError: the address is of another kind.
        """
        self.address = address or os.environ.get("RAY_ADDRESS") or LOCAL
        if "://" in self.address:
            given = "--ray-address" if address else "RAY_ADDRESS"
            raise SettingsError(
                f"{given} {self.address}: run the command on a machine of the cluster, with --ray-address auto."
            )
        self._host = host

    @asynccontextmanager
    async def open(self, shared: Shared, trials: Sequence[Trial], watcher: Watcher) -> AsyncIterator[Perform]:
        """One limit and one budget for all hosts.

        Raises:
            SettingsError: Ray is not installed, or a cluster that is started here is too small for a step.
            ClusterError: the cluster cannot be reached, or cannot run trials.
        """
        with connected(self.address) as ray:
            self._find_room(without_room(trials, nodes_of(ray)), watcher)
            hosts = Hosts(ray, shared, _leases(ray, shared), watcher.tell, self._host)
            await hosts.check()

            async def perform(trial: Trial) -> TrialResult:
                try:
                    return await hosts.perform(trial)
                finally:  # also where it was lost: what it had paid for by then is told here
                    await asyncio.to_thread(bring_back, trial)

            yield perform

    def _find_room(self, complaint: str, watcher: Watcher) -> None:
        """Refuse what cannot be on a cluster of our own, which stays as it is; one that is there may grow."""
        if complaint and self.address == LOCAL:
            raise SettingsError(f"{complaint}. Ask for less there, or name a larger cluster with --ray-address.")
        if complaint:
            watcher.warn(f"{complaint}; what takes it waits until one has it.")


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray itself, as long as this process is connected to a cluster.

    Raises:
        SettingsError: Ray is not installed.
        ClusterError: the cluster cannot be reached, or none started.
    """
    os.environ |= {name: value for name, value in QUIET.items() if name not in os.environ}
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise SettingsError("--on ray needs the extra `ray`: pip install 'papercoder[ray]'.") from None
    on_sigterm = signal.getsignal(signal.SIGTERM)
    own: dict[str, object] = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if address == LOCAL else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(_unreached(address, next(iter(str(error).splitlines()), ""))) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_sigterm)  # Ray replaces the handler by one that exits at once
    try:
        yield ray
    finally:
        ray.shutdown()


def _unreached(address: str, reason: str) -> str:
    if address == LOCAL:
        return (
            f"No Ray cluster could be started on this machine ({reason}). See whether its temporary folder can be "
            "written (RAY_TMPDIR names another), or leave --on ray out."
        )
    return (
        f"The Ray cluster at {address} cannot be reached ({reason}). See `ray status`, or leave --ray-address out for "
        "a cluster on this machine."
    )


def _leases(ray: Any, shared: Shared) -> Any:
    """Their actor, on the machine of the driver: they live and die together."""
    here = on_node(ray.get_runtime_context().get_node_id())
    options = {"num_cpus": 0, "scheduling_strategy": here, "max_concurrency": _CALLS_AT_ONCE}
    return ray.remote(Leases).options(**options).remote(shared)
