"""Agents: a prompt, a role and an answer format each. `Agents.ask` sends a request and checks the answer."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from papercoder.agents.answers import Correction, Format, InvalidAnswerError
from papercoder.agents.context import Part, fit
from papercoder.agents.edits import corrected, is_patchable
from papercoder.agents.prompts import Prompts
from papercoder.agents.references import References, Shown, shown_passages
from papercoder.artifacts import Image, Requirement
from papercoder.concurrency import run_in_thread
from papercoder.errors import AnswerError, ContextError
from papercoder.models.contract import Message, Model, Request, count_tokens
from papercoder.repository.files import parse
from papercoder.runs.events import AnswerAccepted, AnswerRejected, Emit, Warned
from papercoder.settings import Role, Thinking

_TAG = re.compile(r"<(/?)(?:seed:)?(?:think|thinking|thought|reasoning)>|\[(/?)THINK\]", re.IGNORECASE)
_FINAL = re.compile(
    r"<\|channel\|>final(?:\s*<\|constrain\|>\w+)?<\|message\|>(.*?)(?:<\|(?:return|end|call)\|>|$)", re.DOTALL
)
"""The last message of models that write to channels, where a server passes their markup through."""

_FENCE = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*(\S*)", re.MULTILINE)


def without_thinking(text: str) -> str:
    """Return what follows the thinking; empty if the thinking does not end.

    A closing tag without an opening one ends thinking too, since drafts come before it. Tags inside the answer, such
    as those in the code of a paper about reasoning models, stay.
    """
    final = _FINAL.findall(text)
    if not (final or _TAG.search(text)) or _is_python(text):
        return text
    return str(final[-1]) if final else _behind_tags(text)


def _behind_tags(text: str) -> str:
    start = 0
    opened: int | None = None
    for tag in _TAG.finditer(text):
        if not (tag[1] or tag[2]):
            opened = tag.start() if opened is None else opened
            continue
        if opened is None:
            is_thinking = _ends_thinking(text, tag)
        elif text[start:opened].strip():
            is_preamble = not re.search(r"[{`~]", text[start:opened]) and not _is_python(text[start:])
            is_thinking = is_preamble and _ends_thinking(text, tag)
        else:
            is_thinking = True
        opened = None
        if is_thinking:
            start = tag.end()
    if opened is not None and not text[start:opened].strip():
        return ""
    return text[start:].lstrip("\r\n") if start else text


def _is_python(text: str) -> bool:
    try:
        parse(text)
    except SyntaxError:
        return False
    return True


def _ends_thinking(text: str, tag: re.Match[str]) -> bool:
    """Whether it stands on a line of its own or right before an answer, and not inside a block or a string."""
    before = text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()]
    after = text[tag.end() :]
    is_alone = not before.strip() and re.match(r"[ \t]*(?:\r?\n|$)", after) is not None
    is_before_answer = re.match(r"\s*(?:\{|```|~~~)", after) is not None and before.count('"') % 2 == 0
    return (is_alone or is_before_answer) and not _is_in_block(text, tag.start())


def _is_in_block(text: str, position: int) -> bool:
    """Whether a fence or an edit is open here and closed later."""
    if text.count("<<<<<<< SEARCH", 0, position) > text.count(">>>>>>> REPLACE", 0, position):
        return True
    is_open = len(_FENCE.findall(text, 0, position)) % 2 == 1
    following = _FENCE.search(text, position)
    return is_open and following is not None and not following[1]


T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

CONVENTIONS = ("system", "conventions")
"""The system prompt of agents that design or write code."""

WITH_TRIALS = (*CONVENTIONS, "conventions_trials")
"""The system prompt of agents that design or write the experiments."""

NO_CONVENTIONS = ("system",)
"""The system prompt of agents that read the paper, or code as it is."""

BARE = ("system", "conventions_bare")
"""The system prompt of agents that design or write code without configuration files and trials."""

Check = Callable[[T, int], list[str]]
"""Returns the problems of an answer, given the number of rejected answers before it; none if it is valid."""

_HEADROOM = 256
"""Tokens kept free for what providers add to the messages."""

_REJECTION = 512
"""Tokens kept free for the reason why an answer is rejected."""

_MAX_REASON = 1500
"""Characters of the reason that are sent."""


@dataclass(frozen=True)
class Agent(Generic[T]):
    """One specialised agent."""

    name: str
    """Also the name of its prompt."""

    role: Role
    """Selects the model from the user's settings."""

    format: Format[T]
    system: tuple[str, ...] = CONVENTIONS
    """The names of the prompts that make its system prompt; judges have their own."""


def uses(*agents: Agent[Any]) -> Callable[[F], F]:
    """Declare the agents that a function asks, so that its artifact is made again when their prompts change."""

    def declare(make: F) -> F:
        make.agents = agents  # type: ignore[attr-defined]
        return make

    return declare


def reads_references(make: F) -> F:
    """Declare that a function reads code of other works, so that its artifact is made again when that code changes."""
    make.reads_references = True  # type: ignore[attr-defined]
    return make


@dataclass(frozen=True)
class Agents:
    """The models, prompts and limits with which agents are asked; the context of every stage."""

    models: Mapping[Role, Model]
    prompts: Prompts
    emit: Emit
    max_tokens: int
    """Completion tokens of one answer."""

    answer_retries: int
    """How often an invalid answer is requested again."""

    folder: str
    """The run folder, for error messages."""

    thinking: Mapping[Role, Thinking] = field(default_factory=dict)
    """Role -> how much its model thinks; the model's default for other roles."""

    references: References = field(default_factory=References)
    """Code of other works, for functions that declare `reads_references`."""

    async def matching_code(self, requirements: Iterable[Requirement], room: int, where: str) -> Shown:
        """The passages of other works that match requirements.

        Args:
            requirements: those that the paper refers to another work for come first.
            room: tokens for the passages.
            where: where the agent cites the passages that it uses.
        """
        if not self.references.items:
            return Shown()
        found = await run_in_thread(self.references.passages, tuple(requirements), room)
        if not found:
            return Shown()
        text = self.prompts.render("references", passages=shown_passages(found, self.references), where=where)
        return Shown((Part("code of other works", (f"# Code of other works\n\n{text}", "")),), frozenset(found))

    async def ask(
        self,
        agent: Agent[T],
        subject: str,
        parts: tuple[Part, ...],
        check: Check[T] | None = None,
        images: tuple[Image, ...] = (),
        **variables: object,
    ) -> T:
        """Ask an agent about a subject, with these parts and images as context and these variables in its prompt.

        Raises:
            AnswerError: no answer was valid after all retries.
            ModelError: the model could not be reached, or the request does not fit its context window.
            CostCapReached: the next call might exceed the cost limit.
        """
        model = self.models[agent.role]
        messages = self._messages(agent, subject, parts, model, variables)
        rejection: tuple[Message, ...] = ()
        text, reason = "", ""
        for attempt in range(1 + self.answer_retries):
            answer = await model.answer(
                Request(
                    agent=agent.name,
                    subject=subject,
                    round=attempt,
                    system=self._system(agent),
                    messages=(*messages, *rejection),
                    max_tokens=self._completion_tokens(model),
                    thinking=self.thinking.get(agent.role),
                    images=images,
                )
            )
            try:
                text = corrected(agent.format.correction, text, without_thinking(answer.text)) if text else answer.text
                value = await run_in_thread(_read, agent.format, text, attempt, check)
            except InvalidAnswerError as error:
                reason = str(error)
            else:
                self.emit(AnswerAccepted(agent=agent.name, subject=subject))
                return value
            self.emit(AnswerRejected(agent=agent.name, subject=subject, reason=reason[:500]))
            rejection = self._rejection(agent, messages, text, reason)
        raise AnswerError(
            f"{model.name} gave no valid answer as {agent.name} agent{f' for {subject}' if subject else ''} in "
            f"{1 + self.answer_retries} tries: {reason[:300]} All answers are in {self.folder}. Run again with another "
            f"model (--model {agent.role}=PROVIDER:NAME) or more tries (--answer-retries); finished steps are reused."
        )

    def fingerprint(self, make: Callable[..., object]) -> object:
        """The prompts, formats, models and thinking levels on which the result of `make` depends."""
        agents: tuple[Agent[Any], ...] = getattr(make, "agents", ())
        systems = sorted({name for agent in agents for name in agent.system})
        shared = [self.prompts.text(name) for name in (*systems, "again")] if agents else []
        if self.references.items and getattr(make, "reads_references", False):
            shared += [self.prompts.text("references"), self.references.digest]
        return shared, [
            (
                agent.name,
                self.prompts.text(agent.name),
                agent.format.instructions,
                self.models[agent.role].name,
                *filter(None, [self.thinking.get(agent.role)]),
            )
            for agent in agents
        ]

    def available_tokens(self, agent: Agent[T], **variables: object) -> int:
        """Tokens of the context window that are left for the parts that an agent reads."""
        model, fixed = self.models[agent.role], (self._system(agent), self._task(agent, variables))
        used = self._completion_tokens(model) + sum(map(count_tokens, fixed))
        return model.context_window - used - _HEADROOM - _REJECTION

    def _system(self, agent: Agent[T]) -> str:
        return "\n\n".join(self.prompts.render(name) for name in agent.system)

    def _task(self, agent: Agent[T], variables: Mapping[str, object]) -> str:
        return f"{self.prompts.render(agent.name, **variables)}\n\n{agent.format.instructions}"

    def _messages(
        self, agent: Agent[T], subject: str, parts: tuple[Part, ...], model: Model, variables: Mapping[str, object]
    ) -> tuple[Message, ...]:
        fitted = fit(parts, self.available_tokens(agent, **variables))
        about = f"{agent.name} {subject}".strip()
        if not fitted.fits:
            raise ContextError(
                f"{about}: even in its shortest form, the context of this agent exceeds the {model.context_window} "
                f"tokens of {model.name}. Choose a model with a larger window: --model {agent.role}=PROVIDER:NAME."
            )
        if fitted.shortened:
            self.emit(Warned(where=about, message=f"{', '.join(fitted.shortened)} was shortened to fit {model.name}"))
        context = tuple(Message(role="user", text=text, cache=True) for text in fitted.texts)
        return (*context, Message(role="user", text=self._task(agent, variables)))

    def _rejection(self, agent: Agent[T], messages: tuple[Message, ...], text: str, reason: str) -> tuple[Message, ...]:
        """The answer and the reason why it is invalid; only the reason if both do not fit the context window."""
        model = self.models[agent.role]
        correction = agent.format.correction
        if not text.strip() or (correction == "patch" and not is_patchable(text)):
            correction = ""
        answer = Message(role="assistant", text=text or "(nothing)")
        explanation = self._explanation(reason, correction)
        texts = [self._system(agent), *(message.text for message in (*messages, answer, explanation))]
        used = sum(map(count_tokens, texts)) + self._completion_tokens(model) + _HEADROOM
        return (answer, explanation) if used <= model.context_window else (self._explanation(reason, ""),)

    def _explanation(self, reason: str, correction: Correction) -> Message:
        text = self.prompts.render("again", reason=reason[:_MAX_REASON], correction=correction)
        return Message(role="user", text=text)

    def _completion_tokens(self, model: Model) -> int:
        return min(self.max_tokens, model.context_window // 3)


def _read(form: Format[T], text: str, attempt: int, check: Check[T] | None) -> T:
    value = form.read(without_thinking(text))
    if check and (problems := check(value, attempt)):
        raise InvalidAnswerError("\n".join(problems))
    return value
