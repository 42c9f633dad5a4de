"""Waiting for something that comes in its own time."""

import asyncio
import time
from collections.abc import Callable


async def until(is_so: Callable[[], bool], seconds: float = 200.0) -> None:
    """Wait until it is so; fail where it does not become so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.02)
