"""The journal: an answer is on disk before anyone sees it, and is never paid for twice.

The key covers the model's name and all that is sent: a run that was killed replays what it had and pays for the rest.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from papercoder.artifacts.base import Artifact
from papercoder.models.contract import Answer, Model, Request
from papercoder.models.estimate import prompt_tokens
from papercoder.models.finishing import finish
from papercoder.models.wrapped import Wrapped
from papercoder.runs.events import CallMade, CallReused, CallStarted, Emit
from papercoder.runs.store import Store, digest, kept


class Call(Artifact):
    """What the journal keeps: what was asked, and what came back."""

    model: str
    request: Request
    answer: Answer


def calls(store: Store) -> Iterator[Call]:
    """All that a journal keeps, the oldest first where the store knows their ages."""
    return map(Call.model_validate_json, store.texts())


def journal_key(model: str, request: Request) -> str:
    """Where the answer is kept: by model, asker and all that is sent; marks for the provider's cache do not count."""
    asker = [request.agent, request.subject, request.round]
    turns = [(message.role, message.text) for message in request.messages]
    thinking = [request.thinking] if request.thinking else []
    return f"call-{digest([model, asker, request.system, turns, request.max_tokens, *thinking])}"


class Journaled(Wrapped):
    """Answers from the store what was asked before; equal requests at the same time share one call."""

    def __init__(self, inner: Model, store: Store, emit: Emit) -> None:
        super().__init__(inner)
        self._store = store
        self._emit = emit
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def answer(self, request: Request) -> Answer:
        """The kept answer, or the inner model's, which is kept even when the waiting task is cancelled meanwhile.

        Raises:
            RunFolderError: the answer could not be written.
        """
        key = journal_key(self.name, request)
        async with self._turns[key]:
            if text := await asyncio.to_thread(self._store.get, key):
                call = kept(Call, key, text)
                self._emit(CallReused(agent=request.agent, subject=request.subject, model=self.name))
                return call.answer
            making = asyncio.create_task(self._make(key, request))
            try:
                return await asyncio.shield(making)
            except asyncio.CancelledError:
                making.cancel()  # ends a call that waits for its turn; one that was sent is finished and kept
                await asyncio.wait([making])
                raise

    async def _make(self, key: str, request: Request) -> Answer:
        prompt = prompt_tokens(request)
        self._emit(CallStarted(agent=request.agent, subject=request.subject, model=self.name, prompt=prompt))
        answer = await self.inner.answer(request)
        await finish(self._keep(key, Call(model=self.name, request=request, answer=answer)))
        return answer

    async def _keep(self, key: str, call: Call) -> None:
        await asyncio.to_thread(self._store.put, key, call.model_dump_json())
        self._emit(made(call))


def made(call: Call) -> CallMade:
    """What is told of a call that was made."""
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
