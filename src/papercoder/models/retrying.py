"""Calls that fail in passing are made again, later and later."""

import asyncio
from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from papercoder.errors import ModelError
from papercoder.models.contract import Answer, Model, Request
from papercoder.models.failures import PassingError
from papercoder.models.wrapped import Wrapped
from papercoder.runs.events import CallRetried, Emit

LONGEST_WAIT = 300.0
"""Seconds; a provider that asks for more is not waited for."""

_BACKOFF = wait_exponential_jitter(initial=0.5, max=60.0, jitter=1.0)
_JITTER = wait_exponential_jitter(initial=0.0, jitter=0.25)


class Retrying(Wrapped):
    """Backs off exponentially with jitter, or for as long as the provider asks."""

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
            ModelError: it failed for good, or in passing too often.
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
        except PassingError as error:
            raise ModelError(self._given_up(request, error)) from error

    def _tell(self, request: Request, state: RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        reason = str(_failure(state))
        self._emit(CallRetried(agent=request.agent, subject=request.subject, reason=reason, wait=wait))

    def _given_up(self, request: Request, error: PassingError) -> str:
        what = f"{request.agent} {request.subject}".strip()
        if not _worth_waiting(error):
            return f"{what}: {self.name} asks to wait {error.retry_after:.0f} s ({error}); run again then, it resumes."
        tries = "once" if self._retries == 0 else f"{self._retries + 1} times"
        return (
            f"{what}: {self.name} was asked {tries} and gave no answer ({error}); see whether the provider is up, "
            "lower --concurrency if it limits the rate, and run again: what was answered is kept."
        )


def _worth_waiting(error: BaseException) -> bool:
    return isinstance(error, PassingError) and (error.retry_after or 0.0) <= LONGEST_WAIT


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: RetryCallState) -> float:
    error = _failure(state)
    if isinstance(error, PassingError) and error.retry_after is not None:
        return error.retry_after + _JITTER(state)
    return _BACKOFF(state)
