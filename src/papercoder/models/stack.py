"""The wrappers in their order, around every model of a run.

::

    Whole        a cut answer is continued
    Journaled    what was answered before is not asked again
    Guarded      what cannot fit is not sent
    Capped       what might exceed the cap is not sent          shared by all models
    Limited      concurrency, requests and tokens a minute      shared by all models
    Retrying     what fails in passing is sent again
    Finishing    what was sent is waited for
    Streamed     answers are read as they come; what is silent too long is given up
    model        a provider, a program or a test model
"""

from collections.abc import Mapping
from dataclasses import dataclass

from papercoder.models.capped import Budget, Capped, Purse
from papercoder.models.command import Command
from papercoder.models.contract import Model
from papercoder.models.deadline import Streamed
from papercoder.models.finishing import Finishing
from papercoder.models.guarded import Guarded
from papercoder.models.journaled import Journaled
from papercoder.models.limited import Limited, Limits, Turns
from papercoder.models.relay import Relay
from papercoder.models.retrying import Retrying
from papercoder.models.whole import Whole
from papercoder.runs.events import Emit
from papercoder.runs.store import Store
from papercoder.settings import Role, Settings


@dataclass(frozen=True)
class Shared:
    """What all models of a run have in common."""

    settings: Settings
    store: Store
    emit: Emit
    budgets: tuple[Purse, ...]
    """The run's own, and that of all runs together where there is one."""

    limits: Turns

    def around(self, model: Model) -> Model:
        """The model with all its wrappers."""
        retrying = Retrying(self._sent(model), self.settings.call_retries, self.emit)
        capped: Model = Limited(retrying, self.limits)
        for budget in self.budgets:
            capped = Capped(capped, budget)
        return Whole(Journaled(Guarded(capped), self.store, self.emit))

    def _sent(self, model: Model) -> Model:
        if isinstance(model, Relay):
            return model  # people take as long as they need
        streamed = Streamed(model, self.settings.idle_timeout, self.emit)
        return streamed if isinstance(model, Command) else Finishing(streamed)  # a program is killed on cancellation


def assemble(model: Model, settings: Settings, store: Store, emit: Emit, spent: float = 0.0) -> Model:
    """A model with all its wrappers.

    Args:
        model: a provider or a double.
        settings: cap, limits, retries, time-out.
        store: the run's, where the journal is kept.
        emit: where events go.
        spent: dollars that this run has cost before.

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
    limits: Turns | None = None,
    budget: Purse | None = None,
) -> dict[Role, Model]:
    """The models of all roles with their wrappers, under one cap and one limit; roles may share a model.

    Args:
        models: role -> a provider or a double.
        settings: cap, limits, retries, time-out.
        store: the run's, where the journal is kept.
        emit: where events go.
        spent: dollars that this run has cost before.
        limits: those of all runs that go on at the same time; None: this run's own, from its settings.
        budget: the money of all runs together, beside this run's own.

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
    limits: Turns | None = None,
    budget: Purse | None = None,
) -> Shared:
    own = Budget(settings.max_cost, spent)
    return Shared(settings, store, emit, (own, budget) if budget else (own,), limits or limits_of(settings))


def limits_of(settings: Settings) -> Limits:
    """Calls at once, requests and tokens a minute, as the settings say."""
    return Limits(settings.concurrency, settings.requests_per_minute, settings.tokens_per_minute)
