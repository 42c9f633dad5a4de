"""The wrappers around every model of a run, from the outside in.

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

from collections.abc import Mapping
from dataclasses import dataclass

from papercoder.models.command import Command
from papercoder.models.contract import ContextGuard, Model
from papercoder.models.journal import FinishingModel, JournaledModel
from papercoder.models.limits import Budget, CappedModel, LocalBudget, LocalRateLimits, RateLimitedModel, RateLimits
from papercoder.models.relay import Exchange, Relay
from papercoder.models.retries import ContinuingModel, IdleTimeout, RetryingModel
from papercoder.runs.events import Emit
from papercoder.runs.folder import Store
from papercoder.settings import Role, Settings


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
