"""PaperCoder with a simulated model that answers calls for analyses and code only while a file exists."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

from papercoder.cli import main
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated

RELEASE_FILE = "RELEASE_FILE_OF_A_TEST"
"""Environment variable with the path of the file."""

_stream = Simulated.stream


def _must_wait(request: Request) -> bool:
    return request.agent in {"analysis", "coding"} and not Path(os.environ[RELEASE_FILE]).exists()


async def _held(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
    while _must_wait(request):  # noqa: ASYNC110  another process creates the file
        await asyncio.sleep(0.02)
    async for piece in _stream(self, request):
        yield piece


if __name__ == "__main__":
    Simulated.stream = _held  # type: ignore[method-assign]
    main()
