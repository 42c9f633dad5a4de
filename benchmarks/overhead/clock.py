"""Times functions of the product while it runs."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True)
class Timed:
    """A function whose time counts for a part; timed functions that it calls count separately."""

    owner: Any
    """Its class or module."""

    name: str
    part: str
    on: Callable[..., bool] = lambda *_: True
    """Whether a call with these arguments counts."""


@dataclass
class Clock:
    """Seconds by part in all threads."""

    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    wall: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _busy: threading.local = field(default_factory=threading.local)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def on(self, timed: tuple[Timed, ...]) -> Iterator[None]:
        """Time these functions; none of them may be a coroutine."""
        with ExitStack() as stack:
            for each in timed:
                around = self._around(getattr(each.owner, each.name), each)
                stack.enter_context(patch.object(each.owner, each.name, around))
            yield

    def _around(self, function: Callable[..., Any], timed: Timed) -> Callable[..., Any]:
        @wraps(function)
        def clocked(*arguments: Any, **named: Any) -> Any:
            if getattr(self._busy, "now", False) or not timed.on(*arguments):
                return function(*arguments, **named)
            self._busy.now = True
            cpu, wall = time.thread_time(), time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self._busy.now = False
                self._add(timed.part, time.thread_time() - cpu, time.perf_counter() - wall)

        return clocked

    def _add(self, part: str, cpu: float, wall: float) -> None:
        with self._turn:
            self.cpu[part] += cpu
            self.wall[part] += wall
