"""Hosts on a cluster of tests: they say where they are, spend no time on tools, wait, and one paper kills them."""

import asyncio
import importlib
import json
import math
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

from papercoder.bench.ray.host import Host, Order, Told
from papercoder.errors import AnswerError
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated
from papercoder.runs.events import Warned
from papercoder.runs.executor import EmitsEvents, runs_execution_steps
from papercoder.stages.checking import checks
from tests.bench.benches import without_tools

HOSTS = "HOSTS_OF_A_TEST"
"""Variable with the folder in which hosts say where they are."""

POISON = "poison"
"""The paper that kills its host."""

PACE = "pace"
"""File in that folder with the calls that each host may answer; where there is none, all."""


class Mortal(Host):
    """A host that a test may kill."""

    def __init__(self, name: str) -> None:
        import ray  # not before the variables that keep it quiet are set

        super().__init__(name)
        os.fsync = lambda fd: None
        checks.CHECKS = without_tools()
        Simulated.stream = _paced()  # type: ignore[method-assign, assignment]
        self.trials: list[str] = []
        self.here = {"pid": os.getpid(), "node": ray.get_runtime_context().get_node_id()}
        self._say()

    async def run(self, order: Order) -> AsyncIterator[Told]:
        """As any host; of the poison it dies."""
        self.trials.append(order.trial.paper)
        self.here["loop"] = type(asyncio.get_running_loop()).__module__
        self._say()
        if order.trial.paper == POISON:
            yield ()
            await asyncio.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        async for told in super().run(order):
            yield told

    def _say(self) -> None:
        folder = Path(os.environ[HOSTS])
        (folder / f"{self._name}.part").write_text(json.dumps({**self.here, "trials": self.trials}), encoding="utf-8")
        (folder / f"{self._name}.part").replace(folder / f"{self._name}.json")


def _paced() -> Callable[[Simulated, Request], AsyncGenerator[str | Answer, None]]:
    stream, asked = Simulated.stream, count(1)

    async def waiting(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
        number = next(asked)
        while number > _most():  # noqa: ASYNC110  another process changes it
            await asyncio.sleep(0.05)
        async for piece in stream(self, request):
            yield piece

    return waiting


def _most() -> float:
    try:
        return int((Path(os.environ[HOSTS]) / PACE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return math.inf


@runs_execution_steps("install", "smoke")
async def looks_around(context: EmitsEvents, what: str) -> dict[str, Any]:
    """A step that runs steps: says where it is."""
    ray: Any = importlib.import_module("ray")
    context.emit(Warned(where="there", message=what))
    if what == "trouble":
        raise AnswerError("no answer")
    here = ray.get_runtime_context()
    return {"node": here.get_node_id(), "pid": os.getpid(), "resources": here.get_assigned_resources()}


async def stays(context: EmitsEvents) -> int:
    """A step that waits for models."""
    return os.getpid()
