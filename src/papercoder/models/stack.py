"""The wrappers around every model of a run, and the journal: answers are on disk before anyone sees them, paid once.

The key covers the model's name and all that is sent, so a run that was killed replays the answers that it has and pays
only for the rest.

::

    ContinuingModel    continues an answer that was cut off
    JournaledModel     answers from the journal what was asked before
    ContextGuard       rejects what cannot fit
    CappedModel        rejects what might exceed the cap            shared by all models
    RateLimitedModel   calls at once, requests and tokens a minute  shared by all models
    RetryingModel      retries transient failures
    FinishingModel     finishes calls that were sent
    IdleTimeout        reads the stream, and ends a call that is silent for too long
    the model          a provider, a program or a test model
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from papercoder.artifacts import Artifact
from papercoder.models.command import Command
from papercoder.models.contract import Answer, ContextGuard, Model, ModelWrapper, Request, prompt_tokens
from papercoder.models.limits import Budget, CappedModel, LocalBudget, LocalRateLimits, RateLimitedModel, RateLimits
from papercoder.models.relay import Exchange, Relay
from papercoder.models.retries import ContinuingModel, IdleTimeout, RetryingModel
from papercoder.runs.events import CallMade, CallReused, CallStarted, Emit
from papercoder.runs.folder import Store, digest, parse_stored
from papercoder.settings import Role, Settings

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


@dataclass(frozen=True)
class Shared:
    """What all models of a run share."""

    settings: Settings
    store: Store
    emit: Emit
    budgets: tuple[Budget, ...]
    """The run's own, and that of all runs together if there is one."""

    limits: RateLimits

    def around(self, model: Model) -> Model:
        """The model with all its wrappers."""
        retrying = RetryingModel(self._sent(model), self.settings.call_retries, self.emit)
        capped: Model = RateLimitedModel(retrying, self.limits)
        for budget in self.budgets:
            capped = CappedModel(capped, budget)
        return ContinuingModel(JournaledModel(ContextGuard(capped), self.store, self.emit))

    def _sent(self, model: Model) -> Model:
        if isinstance(model, Relay | Exchange):
            return model  # people and agents take as long as they need
        streamed = IdleTimeout(model, self.settings.idle_timeout, self.emit)
        return streamed if isinstance(model, Command) else FinishingModel(streamed)  # a cancelled program is killed


def assemble(model: Model, settings: Settings, store: Store, emit: Emit, spent: float = 0.0) -> Model:
    """A model with all its wrappers.

    Args:
        model: a provider, a program or a test model.
        settings: cap, limits, retries, timeout.
        store: the run's, for the journal.
        emit: where events go.
        spent: dollars that this run has cost so far.

    Raises:
        SettingsError: there is a cap, but the model's price is not known.
    """
    return _shared(settings, store, emit, spent).around(model)


def assemble_roles(
    models: Mapping[Role, Model],
    settings: Settings,
    store: Store,
    emit: Emit,
    spent: float = 0.0,
    limits: RateLimits | None = None,
    budget: Budget | None = None,
) -> dict[Role, Model]:
    """The models of all roles with their wrappers, under one cap and one limit; roles may share a model.

    Args:
        models: role -> a provider, a program or a test model.
        settings: cap, limits, retries, timeout.
        store: the run's, for the journal.
        emit: where events go.
        spent: dollars that this run has cost so far.
        limits: shared by all runs that are active; None: this run's own, from its settings.
        budget: shared by all runs, in addition to this run's own.

    Raises:
        SettingsError: there is a cap, but a model's price is not known.
    """
    shared = _shared(settings, store, emit, spent, limits, budget)
    stacks = {id(model): shared.around(model) for model in models.values()}
    return {role: stacks[id(model)] for role, model in models.items()}


def _shared(
    settings: Settings,
    store: Store,
    emit: Emit,
    spent: float,
    limits: RateLimits | None = None,
    budget: Budget | None = None,
) -> Shared:
    own = LocalBudget(settings.max_cost, spent)
    return Shared(settings, store, emit, (own, budget) if budget else (own,), limits or limits_of(settings))


def limits_of(settings: Settings) -> LocalRateLimits:
    """Concurrent calls, requests and tokens a minute, by the settings."""
    return LocalRateLimits(settings.concurrency, settings.requests_per_minute, settings.tokens_per_minute)
