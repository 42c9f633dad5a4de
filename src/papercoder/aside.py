"""Work that takes seconds has threads of its own.

In the threads that all share, an answer that was paid for would wait behind it to be written.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def aside(work: Callable[P, T], *about: P.args, **named: P.kwargs) -> T:
    """What this work makes of its subject, in a thread kept for such work."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), partial(work, *about, **named))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="aside")
