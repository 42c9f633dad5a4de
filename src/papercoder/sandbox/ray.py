"""The connection to a Ray cluster: a local one that is started for it, or a running one."""

import importlib
import logging
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tenacity import Retrying, retry_if_exception_message, stop_after_attempt

from papercoder.errors import PaperCoderError, SettingsError

RAY_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_gcs_server_request_timeout_seconds": "180",
}
"""No usage statistics, no warnings about future changes, no logs of nodes that die, and patience with busy machines."""

LOCAL = "local"
"""Ray's address for a new cluster on this machine."""

Node = Mapping[str, float]
"""A node's resources, by Ray's names; memory in bytes."""


class ClusterError(PaperCoderError):
    """The cluster lost work, or cannot run it."""


def ray_address(given: str | None = None) -> str:
    """The address of the cluster: the given one, RAY_ADDRESS, or a local one."""
    return given or os.environ.get("RAY_ADDRESS") or LOCAL


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
    starting = Retrying(
        stop=stop_after_attempt(4),  # Ray gives each half a minute, which a busy machine may exceed
        retry=retry_if_exception_message(match=r"(?s).*timed out during startup"),
        before_sleep=lambda _: ray.shutdown(),
        reraise=True,
    )
    try:
        starting(ray.init, address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
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


def nodes_of(ray: Any) -> list[Node]:
    """The resources of each living node."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
