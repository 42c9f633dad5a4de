"""Hosts on a cluster of tests: they say where they are, spend no time on tools, and one paper kills them."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from papercoder.bench.ray_host import Host, Order, Told
from papercoder.stages.checking import checks

HOSTS = "HOSTS_OF_A_TEST"
"""Variable with the folder in which hosts say where they are."""

POISON = "poison"
"""The paper that kills its host."""

TOOLS = {"names", "calls"}


class Mortal(Host):
    """A host that a test may kill."""

    def __init__(self, name: str) -> None:
        import ray  # not before the variables that keep it quiet are set

        super().__init__(name)
        os.fsync = lambda _: None
        checks.CHECKS = tuple(each for each in checks.CHECKS if each[0] not in TOOLS)
        self.here = {"pid": os.getpid(), "node": ray.get_runtime_context().get_node_id(), "trials": []}
        self._say()

    async def run(self, order: Order) -> AsyncIterator[Told]:
        """As any host; of the poison it dies."""
        self.here["trials"].append(order.trial.paper)
        self._say()
        if order.trial.paper == POISON:
            await asyncio.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
        async for told in super().run(order):
            yield told

    def _say(self) -> None:
        folder = Path(os.environ[HOSTS])
        (folder / f"{self._name}.part").write_text(json.dumps(self.here), encoding="utf-8")
        (folder / f"{self._name}.part").replace(folder / f"{self._name}.json")
