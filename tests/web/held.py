"""PaperCoder whose simulated model plans at once, and analyses and writes code only while a file lets it."""

import asyncio
import os
from pathlib import Path

from papercoder.cli import main
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated

LETS_GO = "LETS_GO_OF_A_TEST"
"""Variable with the file."""

_answer = Simulated.answer


def _must_wait(request: Request) -> bool:
    return request.agent in {"analysis", "coding"} and not Path(os.environ[LETS_GO]).exists()


async def _held(self: Simulated, request: Request) -> Answer:
    while _must_wait(request):  # noqa: ASYNC110  another process lets it go
        await asyncio.sleep(0.02)
    return await _answer(self, request)


if __name__ == "__main__":
    Simulated.answer = _held  # type: ignore[method-assign]
    main()
