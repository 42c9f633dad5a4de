"""Agents: a prompt, a role and an answer format. Asking one renders, sends, reads, checks and retries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from papercoder.agents.answers import Format, InvalidAnswerError
from papercoder.agents.context import Part, fit
from papercoder.agents.prompts import Prompts
from papercoder.agents.thinking import without_thinking
from papercoder.concurrency import run_in_thread
from papercoder.errors import AnswerError, ContextError
from papercoder.models.contract import Message, Model, Request
from papercoder.models.tokens import count_tokens
from papercoder.runs.events import AnswerRejected, Emit, Warned
from papercoder.settings import Role, Thinking

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

Check = Callable[[T, int], list[str]]
"""Returns what is wrong with an answer, given the number of answers rejected before it; empty if it is accepted."""


@dataclass(frozen=True)
class Agent(Generic[T]):
    """One specialised agent."""

    name: str
    """Also the name of its prompt."""

    role: Role
    """Selects the model."""

    format: Format[T]
    system: str = "system"
    """The name of the system prompt; judges have their own."""


def uses(*agents: Agent[Any]) -> Callable[[F], F]:
    """Declare the agents that a function asks, so that its step runs again when their prompts change."""

    def declare(make: F) -> F:
        make.agents = agents  # type: ignore[attr-defined]
        return make

    return declare


@dataclass(frozen=True)
class Agents:
    """Asks agents; stages get this object."""

    models: Mapping[Role, Model]
    """Role -> model."""

    prompts: Prompts
    emit: Emit
    max_tokens: int
    """Completion tokens for an answer."""

    answer_retries: int
    """How often an invalid answer is retried."""

    where: str
    """The run folder, for error messages."""

    thinking: Mapping[Role, Thinking] = field(default_factory=dict)
    """Role -> how much its model thinks; the model's default for other roles."""

    async def ask(
        self,
        agent: Agent[T],
        subject: str,
        parts: tuple[Part, ...],
        check: Check[T] | None = None,
        **variables: object,
    ) -> T:
        """Ask an agent about a subject, with these parts to read and these variables in its prompt.

        Raises:
            AnswerError: all answers were invalid.
            ModelError: the model cannot be reached, or the request does not fit its context window.
            CostCapReached: the next call might exceed the cap.
        """
        model = self.models[agent.role]
        opening = self._opening(agent, subject, parts, model, variables)
        again: tuple[Message, ...] = ()
        reason = ""
        for attempt in range(1 + self.answer_retries):
            answer = await model.answer(
                Request(
                    agent=agent.name,
                    subject=subject,
                    round=attempt,
                    system=self.prompts.render(agent.system),
                    messages=(*opening, *again),
                    max_tokens=self._completion(model),
                    thinking=self.thinking.get(agent.role),
                )
            )
            try:
                return await run_in_thread(_read, agent.format, answer.text, attempt, check)
            except InvalidAnswerError as error:
                reason = str(error)
            self.emit(AnswerRejected(agent=agent.name, subject=subject, reason=reason[:500]))
            again = self._again(agent, opening, answer.text, reason)
        raise AnswerError(self._gave_up(agent, subject, model, reason))

    def fingerprint(self, make: Callable[..., object]) -> object:
        """The prompts, formats, models and thinking levels that what `make` makes depends on."""
        agents: tuple[Agent[Any], ...] = getattr(make, "agents", ())
        systems = sorted({agent.system for agent in agents})
        shared = [self.prompts.text(name) for name in (*systems, "again")] if agents else []
        return shared, [
            (agent.name, self.prompts.text(agent.name), agent.format.instructions, *self._asked(agent.role))
            for agent in agents
        ]

    def _asked(self, role: Role) -> list[str]:
        return [self.models[role].name, *filter(None, [self.thinking.get(role)])]

    def room(self, agent: Agent[T], **variables: object) -> int:
        """Tokens of the model's context window that are left for what an agent reads."""
        model, fixed = self.models[agent.role], (self.prompts.render(agent.system), self._task(agent, variables))
        return model.context_window - self._completion(model) - sum(map(count_tokens, fixed)) - _HEADROOM - _REASON

    def _task(self, agent: Agent[T], variables: Mapping[str, object]) -> str:
        return f"{self.prompts.render(agent.name, **variables)}\n\n{agent.format.instructions}"

    def _opening(
        self, agent: Agent[T], subject: str, parts: tuple[Part, ...], model: Model, variables: Mapping[str, object]
    ) -> tuple[Message, ...]:
        fitted = fit(parts, self.room(agent, **variables))
        about = f"{agent.name} {subject}".strip()
        if not fitted.fits:
            raise ContextError(
                f"{about}: even shortened, what this agent must read does not fit the {model.context_window} tokens "
                f"that {model.name} can read. Choose a model with a larger window: --model {agent.role}=PROVIDER:NAME."
            )
        if fitted.shortened:
            self.emit(Warned(where=about, message=f"{model.name} cannot read all of {', '.join(fitted.shortened)}"))
        read = tuple(Message(role="user", text=text, cache=True) for text in fitted.texts)
        return (*read, Message(role="user", text=self._task(agent, variables)))

    def _again(self, agent: Agent[T], opening: tuple[Message, ...], text: str, reason: str) -> tuple[Message, ...]:
        """The answer and the reason for its rejection; only the reason if both do not fit."""
        model = self.models[agent.role]
        said = Message(role="assistant", text=text or "(nothing)")
        why = Message(role="user", text=self.prompts.render("again", reason=reason[:_LONGEST_REASON]))
        sent = [self.prompts.render(agent.system), *(message.text for message in (*opening, said, why))]
        fits = sum(map(count_tokens, sent)) <= model.context_window - self._completion(model) - _HEADROOM
        return (said, why) if fits else (why,)

    def _completion(self, model: Model) -> int:
        return min(self.max_tokens, model.context_window // 3)

    def _gave_up(self, agent: Agent[T], subject: str, model: Model, reason: str) -> str:
        return (
            f"{model.name} gave no valid answer as {agent.name} agent"
            f"{f' for {subject}' if subject else ''} in {1 + self.answer_retries} tries: {reason[:300]} "
            f"All answers are kept in {self.where}. Run again with another model (--model {agent.role}=PROVIDER:NAME) "
            "or more tries (--answer-retries); what was made so far is reused."
        )


_HEADROOM = 256
"""Tokens reserved for what providers add to the messages."""

_REASON = 512
"""Tokens reserved for the reason of a rejection."""

_LONGEST_REASON = 1500
"""Characters of the reason."""


def _read(form: Format[T], text: str, attempt: int, check: Check[T] | None) -> T:
    value = form.read(without_thinking(text))
    if check and (complaints := check(value, attempt)):
        raise InvalidAnswerError("\n".join(complaints))
    return value
