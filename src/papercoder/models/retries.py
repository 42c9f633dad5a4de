"""Silent models time out, and transient failures are retried with longer and longer waits."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from papercoder.errors import ModelError
from papercoder.models.contract import Answer, Model, ModelWrapper, Request, StreamingModel, TransientError
from papercoder.models.tokens import count_tokens
from papercoder.runs.events import CallProgress, CallRetried, Emit

LONGEST_WAIT = 300.0
"""Seconds; if a provider asks for more, the call fails."""

REPORT_EVERY = 2.0
"""Seconds between two progress events of the same answer."""

_BACKOFF = wait_exponential_jitter(initial=0.5, max=60.0, jitter=1.0)
_JITTER = wait_exponential_jitter(initial=0.0, jitter=0.25)


class IdleTimeout(ModelWrapper):
    """Ends a call that brings no new token in time; for a model that does not stream, no answer in time."""

    def __init__(self, inner: Model, idle_timeout: float, emit: Emit) -> None:
        super().__init__(inner)
        self._idle_timeout = idle_timeout
        self._emit = emit

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            TransientError: the model was silent for too long.
        """
        try:
            if isinstance(self.inner, StreamingModel):
                return await self._read(self.inner, request)
            async with asyncio.timeout(self._idle_timeout):
                return await self.inner.answer(request)
        except TimeoutError as error:
            raise TransientError(f"no new token within {self._idle_timeout:g} s (--idle-timeout)") from error

    async def _read(self, model: StreamingModel, request: Request) -> Answer:
        tokens, written, reported = 0, list[str](), time.monotonic()
        async with aclosing(model.stream(request)) as pieces:
            while True:
                async with asyncio.timeout(self._idle_timeout):
                    piece = await anext(pieces)
                if isinstance(piece, Answer):
                    return piece
                tokens += count_tokens(piece)
                written.append(piece)
                if time.monotonic() - reported >= REPORT_EVERY:
                    text = "".join(written)
                    self._emit(CallProgress(agent=request.agent, subject=request.subject, completion=tokens, text=text))
                    written, reported = [], time.monotonic()


class RetryingModel(ModelWrapper):
    """Backs off exponentially with jitter, or waits as long as the provider asks."""

    def __init__(
        self,
        inner: Model,
        retries: int,
        emit: Emit,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(inner)
        self._retries = retries
        self._emit = emit
        self._sleep = sleep

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            ModelError: it failed for good, or too often.
        """
        retrying = AsyncRetrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._retries + 1),
            wait=_wait,
            retry=retry_if_exception(_worth_waiting),
            before_sleep=lambda state: self._tell(request, state),
            reraise=True,
        )
        try:
            return await retrying(self.inner.answer, request)
        except TransientError as error:
            raise ModelError(self._given_up(request, error)) from error

    def _tell(self, request: Request, state: RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        reason = str(_failure(state))
        self._emit(CallRetried(agent=request.agent, subject=request.subject, reason=reason, wait=wait))

    def _given_up(self, request: Request, error: TransientError) -> str:
        if not _worth_waiting(error):
            return (
                f"{request.about}: {self.name} asks to wait {error.retry_after:.0f} s ({error}). Then run the same "
                "command to resume."
            )
        tries = "once" if self._retries == 0 else f"{self._retries + 1} times"
        return (
            f"{request.about}: {self.name} was asked {tries} and gave no answer ({error}). Check that the provider is "
            "up, lower --concurrency if it limits the rate, and run the same command to resume."
        )


def _worth_waiting(error: BaseException) -> bool:
    return isinstance(error, TransientError) and (error.retry_after or 0.0) <= LONGEST_WAIT


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: RetryCallState) -> float:
    error = _failure(state)
    if isinstance(error, TransientError) and error.retry_after is not None:
        return error.retry_after + _JITTER(state)
    return _BACKOFF(state)
