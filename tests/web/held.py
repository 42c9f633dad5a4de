"""PaperCoder whose simulated model plans at once, and analyses and writes code only while a file lets it."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

from papercoder.cli import main
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated

LETS_GO = "LETS_GO_OF_A_TEST"
"""Variable with the file."""

_stream = Simulated.stream


def _must_wait(request: Request) -> bool:
    return request.agent in {"analysis", "coding"} and not Path(os.environ[LETS_GO]).exists()


async def _held(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
    while _must_wait(request):  # noqa: ASYNC110  another process lets it go
        await asyncio.sleep(0.02)
    async for piece in _stream(self, request):
        yield piece


if __name__ == "__main__":
    Simulated.stream = _held  # type: ignore[method-assign]
    main()
