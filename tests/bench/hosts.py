"""Hosts for tests on a cluster: they report their place, use no tools, can be paused, and one paper kills them."""

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

from benchmarks.many.trials import start_no_processes

from papercoder.bench.ray.host import EntryRequest, Host, HostMessage
from papercoder.errors import AnswerError
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated
from papercoder.runs.events import Warned
from papercoder.runs.run import EmitsEvents, runs_execution_steps
from papercoder.stages import checking
from tests.bench.benches import without_tools

HOSTS = "HOSTS_OF_A_TEST"
"""Environment variable with the folder for the hosts' reports."""

POISON = "poison"
"""The paper that kills its host."""

PACE = "pace"
"""File in that folder with the number of calls that each host may answer; without it, there is no limit."""


class Mortal(Host):
    """A host that a test may kill."""

    def __init__(self, name: str) -> None:
        import ray  # after RAY_VARIABLES are set

        super().__init__(name)
        os.fsync = lambda fd: None
        checking.CHECKS = without_tools()
        Simulated.stream = _with_pauses()  # type: ignore[method-assign, assignment]
        self.entries: list[str] = []
        self.here = {"pid": os.getpid(), "node": ray.get_runtime_context().get_node_id()}
        self._report()

    async def run(self, request: EntryRequest) -> AsyncIterator[HostMessage]:
        """Like any host, but the poison paper kills it."""
        self.entries.append(request.entry.paper)
        self.here["loop"] = type(asyncio.get_running_loop()).__module__
        self._report()
        if request.entry.paper == POISON:
            yield ()
            await asyncio.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        async for message in super().run(request):
            yield message

    def _report(self) -> None:
        folder = Path(os.environ[HOSTS])
        (folder / f"{self._name}.part").write_text(json.dumps({**self.here, "entries": self.entries}), encoding="utf-8")
        (folder / f"{self._name}.part").replace(folder / f"{self._name}.json")


class WithoutProcesses(Mortal):
    """A mortal host whose executions and trials start no process."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        start_no_processes()


def _with_pauses() -> Callable[[Simulated, Request], AsyncGenerator[str | Answer, None]]:
    stream, asked = Simulated.stream, count(1)

    async def waiting(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
        number = next(asked)
        while number > _limit():  # noqa: ASYNC110  another process changes it
            await asyncio.sleep(0.05)
        async for piece in stream(self, request):
            yield piece

    return waiting


def _limit() -> float:
    try:
        return int((Path(os.environ[HOSTS]) / PACE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return math.inf


@runs_execution_steps("install", "smoke")
async def locate(context: EmitsEvents, what: str) -> dict[str, Any]:
    """A step that runs execution steps: returns where it runs."""
    ray: Any = importlib.import_module("ray")
    context.emit(Warned(where="there", message=what))
    if what == "trouble":
        raise AnswerError("no answer")
    here = ray.get_runtime_context()
    return {"node": here.get_node_id(), "pid": os.getpid(), "resources": here.get_assigned_resources()}


async def current_process(context: EmitsEvents) -> int:
    """A step that waits for models: returns its process."""
    return os.getpid()
