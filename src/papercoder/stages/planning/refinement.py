"""Verify and refine: one agent lists violations of an artifact's instructions, another fixes them by changes."""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, Check
from papercoder.agents.answers import Correction, Format, InvalidAnswerError, Json
from papercoder.agents.context import Part, artifact_part, text_part
from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import Artifact, Critique, Requirements
from papercoder.stages.planning.changes import ChangeError, Changes, TextChanges, apply_changes
from papercoder.text.fences import fence

A = TypeVar("A", bound=Artifact)

VERIFIER = Agent("verify", "planning", Json(Critique), NO_CONVENTIONS)


@dataclass(frozen=True)
class Revision(Generic[A]):
    """Changes of an artifact; models that give the whole artifact instead are understood too."""

    changes: type[Changes]
    whole: Format[A]

    @property
    def correction(self) -> Correction:
        """A patch of the wrong changes."""
        return "patch"

    @property
    def instructions(self) -> str:
        """The type of the changes."""
        return Json(self.changes).instructions

    def read(self, text: str) -> Changes | A:
        """Return the changes, or the artifact.

        Raises:
            InvalidAnswerError: it is neither.
        """
        try:
            return Json(self.changes).read(text)
        except InvalidAnswerError as error:
            try:
                return self.whole.read(text)
            except InvalidAnswerError:
                raise error from None


def reviser(agent: Agent[A], changes: type[Changes]) -> Agent[Changes | A]:
    """The agent that changes another agent's artifact to fix violations."""
    return Agent("refine", agent.role, Revision(changes, agent.format), agent.system)


def verifier(agent: Agent[Any]) -> Agent[Critique]:
    """The agent that checks another agent's artifact, by the same conventions."""
    return replace(VERIFIER, system=agent.system)


async def violations(
    agents: Agents, agent: Agent[A], artifact: Artifact, parts: tuple[Part, ...], attempt: int, **variables: object
) -> Critique:
    """The violations that a verifying agent finds in an artifact."""
    title = "The artifact to check"
    if isinstance(artifact, Requirements):
        shown = text_part(title, requirement_lines(artifact.items, quoted=False))
    else:
        shown = artifact_part(title, artifact)
    return await agents.ask(
        verifier(agent),
        round_of(agent, attempt),
        (*parts, shown),
        instructions=fence(agents.prompts.render(agent.name, **variables)),
    )


async def refined(
    agents: Agents,
    agent: Agent[A],
    changes: type[Changes],
    artifact: A,
    parts: tuple[Part, ...],
    check: Check[A],
    rounds: int,
    **variables: object,
) -> A:
    """The artifact after at most `rounds` revisions; stops when no violation is found."""
    for attempt in range(rounds):
        critique = await violations(agents, agent, artifact, parts, attempt, **variables)
        if not critique.violations:
            break
        change = await agents.ask(
            reviser(agent, changes),
            round_of(agent, attempt),
            (*parts, artifact_part("The artifact to change", artifact)),
            _applicable(artifact, check),
            instructions=fence(agents.prompts.render(agent.name, **variables)),
            violations=critique.violations,
            part=changes.parts[0],
            has_texts=issubclass(changes, TextChanges),
        )
        artifact = _changed(artifact, change)
    return artifact


def _changed(artifact: A, change: Changes | A) -> A:
    return apply_changes(artifact, change) if isinstance(change, Changes) else change


def _applicable(artifact: A, check: Check[A]) -> Check[Changes | A]:
    """The problems of changes: those that do not fit the artifact, and those of the changed artifact."""

    def problems(change: Changes | A, attempt: int) -> list[str]:
        try:
            return check(_changed(artifact, change), attempt)
        except ChangeError as error:
            return [str(error)]

    return problems


def round_of(agent: Agent[A], attempt: int) -> str:
    """The subject of a round: `architecture`, then `architecture 2`, and so on."""
    return agent.name if attempt == 0 else f"{agent.name} {attempt + 1}"
