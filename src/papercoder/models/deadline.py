"""An answer is read as it comes, and a model that stays silent too long is given up."""

import asyncio
import time
from contextlib import aclosing

from papercoder.models.contract import Answer, Model, Request, StreamingModel
from papercoder.models.failures import PassingError
from papercoder.models.tokens import count_tokens
from papercoder.models.wrapped import Wrapped
from papercoder.runs.events import CallProgress, Emit

_EVERY = 5.0
"""Seconds between two events about the same answer."""


class Streamed(Wrapped):
    """Reads streamed answers within an idle timeout; a model that does not stream gets as long for a whole answer."""

    def __init__(self, inner: Model, idle_timeout: float, emit: Emit) -> None:
        super().__init__(inner)
        self._idle_timeout = idle_timeout
        self._emit = emit

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            PassingError: the model was silent for too long.
        """
        try:
            if isinstance(self.inner, StreamingModel):
                return await self._read(self.inner, request)
            async with asyncio.timeout(self._idle_timeout):
                return await self.inner.answer(request)
        except TimeoutError as error:
            raise PassingError(f"no new token within {self._idle_timeout:g} s (--idle-timeout)") from error

    async def _read(self, model: StreamingModel, request: Request) -> Answer:
        tokens, told = 0, time.monotonic()
        async with aclosing(model.stream(request)) as pieces:
            while True:
                async with asyncio.timeout(self._idle_timeout):
                    piece = await anext(pieces)
                if isinstance(piece, Answer):
                    return piece
                tokens += count_tokens(piece)
                if time.monotonic() - told >= _EVERY:
                    told = time.monotonic()
                    self._emit(CallProgress(agent=request.agent, subject=request.subject, completion=tokens))
