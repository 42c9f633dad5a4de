"""Silent models time out, transient failures are retried after growing waits, and a cut answer is continued."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from papercoder.errors import ModelError
from papercoder.models.contract import (
    Answer,
    Message,
    Model,
    ModelWrapper,
    Request,
    StreamingModel,
    TransientError,
    Usage,
    count_tokens,
    room,
)
from papercoder.runs.events import CallProgress, CallRetried, Emit

CONTINUATIONS = 6
"""Further calls for one answer."""

CONTINUE = (
    "Your answer was cut off. Continue it exactly where it stopped, with the very next character. Repeat nothing, "
    "add no remark, and do not open the code block again."
)

_CERTAIN = 20
"""Characters of an overlap that cannot be a coincidence, wherever it begins."""

_LONGEST = 2000
_REOPENED_FENCE = re.compile(r"\A\s*```[\w+-]+[ \t]*\n")
_FENCE_LINE = re.compile(r"^[ \t]*```", re.MULTILINE)


class ContinuingModel(ModelWrapper):
    """Returns complete answers only."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer, with its continuations.

        Raises:
            ModelError: it is still cut off after so many continuations.
        """
        whole = await self.inner.answer(request)
        for _ in range(CONTINUATIONS):
            if whole.finish == "stop":
                return whole
            if whole.text.strip():
                turns = (Message(role="assistant", text=whole.text), Message(role="user", text=CONTINUE))
                longer = request.model_copy(update={"messages": (*request.messages, *turns)})
                further = longer.model_copy(update={"max_tokens": max(1, min(request.max_tokens, room(longer, self)))})
            else:
                further = request = self._widened(request)
            part = await self.inner.answer(further)
            whole = Answer(
                text=text_so_far(further, part),
                finish=part.finish,
                usage=_sum(whole.usage, part.usage),
                seconds=whole.seconds + part.seconds,
            )
        raise ModelError(
            f"{request.about}: the answer of {self.name} is still cut off after {CONTINUATIONS} continuations. "
            "Raise --max-tokens or choose another model."
        )

    def _widened(self, request: Request) -> Request:
        """The same request with twice the tokens, for a model that used all of them to think."""
        tokens = min(2 * request.max_tokens, room(request, self))
        if tokens <= request.max_tokens:
            raise ModelError(
                f"{request.about}: {self.name} used all its {request.max_tokens:,} tokens before it wrote an answer, "
                "and its context window leaves no more. Choose a model with a larger one, or lower --thinking."
            )
        return request.model_copy(update={"max_tokens": tokens})


def text_so_far(request: Request, answer: Answer) -> str:
    """The answer's text; for a continuation, after the text that it continues."""
    if request.messages[-1].text != CONTINUE:
        return answer.text
    return join(request.messages[-2].text, answer.text)


def join(head: str, tail: str) -> str:
    """The complete text, from its first part and the continuation.

    What the tail repeats of the head's end is dropped: at least 20 characters, or the line that was cut off. So is a
    code fence that the tail opens again while the head's is still open.
    """
    if len(_FENCE_LINE.findall(head)) % 2:
        tail = _REOPENED_FENCE.sub("", tail)
    return head + tail[_overlap(head, tail) :]


def _overlap(head: str, tail: str) -> int:
    """How many characters of the tail repeat the head's end."""
    cut_line = len(head) - (head.rfind("\n") + 1)
    for size in range(min(len(head), len(tail), _LONGEST), 0, -1):
        repeated = tail[:size]
        if (size >= _CERTAIN or size == cut_line) and len(repeated.strip()) > 1 and head.endswith(repeated):
            return size
    return 0


def _sum(first: Usage, second: Usage) -> Usage:
    known = first.cost_usd is not None and second.cost_usd is not None
    return Usage(
        prompt=first.prompt + second.prompt,
        cached=first.cached + second.cached,
        completion=first.completion + second.completion,
        cost_usd=(first.cost_usd or 0.0) + (second.cost_usd or 0.0) if known else None,
    )


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
