"""The journal: an answer is on disk before anyone sees it, and is never paid for twice.

The key covers the model's name and all that is sent, so a run that was killed replays the answers that it has and pays
only for the rest.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from papercoder.artifacts.base import Artifact
from papercoder.models.contract import Answer, Model, ModelWrapper, Request, prompt_tokens
from papercoder.runs.events import CallMade, CallReused, CallStarted, Emit
from papercoder.runs.folder import Store, digest, parse_stored

T = TypeVar("T")


class Call(Artifact):
    """What the journal keeps: the request and its answer."""

    model: str
    request: Request
    answer: Answer


def calls(store: Store) -> Iterator[Call]:
    """All that a journal keeps, the oldest first if the store knows their ages."""
    return map(Call.model_validate_json, store.texts())


def journal_key(model: str, request: Request) -> str:
    """The key of an answer: model, agent and all that is sent, without marks for the provider's cache."""
    asker = [request.agent, request.subject, request.round]
    turns = [(message.role, message.text) for message in request.messages]
    others = [*filter(None, [request.thinking]), *(image.digest for image in request.images)]
    return f"call-{digest([model, asker, request.system, turns, request.max_tokens, *others])}"


class JournaledModel(ModelWrapper):
    """Answers from the store what was asked before; equal requests at the same time share one call."""

    def __init__(self, inner: Model, store: Store, emit: Emit) -> None:
        super().__init__(inner)
        self._store = store
        self._emit = emit
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def answer(self, request: Request) -> Answer:
        """The kept answer, or the inner model's, which is kept even if the waiting task is cancelled meanwhile.

        Raises:
            RunFolderError: the answer could not be written.
        """
        key = journal_key(self.name, request)
        async with self._locks[key]:
            if text := await asyncio.to_thread(self._store.get, key):
                call = parse_stored(Call, key, text)
                self._emit(CallReused(agent=request.agent, subject=request.subject, model=self.name))
                return call.answer
            calling = asyncio.create_task(self._call(key, request))
            try:
                return await asyncio.shield(calling)
            except asyncio.CancelledError:
                calling.cancel()  # ends a call that was not sent yet; one that was sent is finished and kept
                await asyncio.wait([calling])
                raise

    async def _call(self, key: str, request: Request) -> Answer:
        prompt = prompt_tokens(request)
        self._emit(CallStarted(agent=request.agent, subject=request.subject, model=self.name, prompt=prompt))
        answer = await self.inner.answer(request)
        await finish(self._keep(key, Call(model=self.name, request=request, answer=answer)))
        return answer

    async def _keep(self, key: str, call: Call) -> None:
        await asyncio.to_thread(self._store.put, key, call.model_dump_json())
        self._emit(made(call))


def made(call: Call) -> CallMade:
    """The event of a call that was answered."""
    usage = call.answer.usage
    return CallMade(
        agent=call.request.agent,
        subject=call.request.subject,
        model=call.model,
        prompt=usage.prompt,
        cached=usage.cached,
        completion=usage.completion,
        cost_usd=usage.cost_usd,
        seconds=call.answer.seconds,
        cut=call.answer.finish == "length",
    )


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """The work's result, even if this task is cancelled meanwhile; a second cancellation ends the work too.

    The task may end normally in spite of a cancellation, so only the code that cancels it should await it.

    Raises:
        CancelledError: the task was cancelled, and the work failed.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled() or task.exception():
            raise
        return task.result()


class FinishingModel(ModelWrapper):
    """Finishes calls that were sent, since they will be paid for: a cancelled task ends once the answer is there."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer, even if the task is cancelled meanwhile."""
        return await finish(self.inner.answer(request))
