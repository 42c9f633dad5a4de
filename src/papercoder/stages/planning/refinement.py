"""Verify and refine: one agent lists violations of an artifact's instructions, another revises the artifact."""

from typing import TypeVar

from papercoder.agents.agent import Agent, Agents, Check
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, artifact_part
from papercoder.artifacts import Artifact, Critique
from papercoder.text.fences import fence

A = TypeVar("A", bound=Artifact)

VERIFIER = Agent("verify", "planning", Json(Critique))


def reviser(agent: Agent[A]) -> Agent[A]:
    """The agent that revises another agent's artifact to fix violations."""
    return Agent("refine", agent.role, agent.format, agent.system)


async def violations(
    agents: Agents, agent: Agent[A], artifact: Artifact, parts: tuple[Part, ...], attempt: int, **variables: object
) -> Critique:
    """The violations that a verifying agent finds in an artifact."""
    return await agents.ask(
        VERIFIER,
        round_of(agent, attempt),
        (*parts, artifact_part("The artifact to check", artifact)),
        instructions=fence(agents.prompts.render(agent.name, **variables)),
    )


async def refined(
    agents: Agents,
    agent: Agent[A],
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
        artifact = await agents.ask(
            reviser(agent),
            round_of(agent, attempt),
            (*parts, artifact_part("The artifact to revise", artifact)),
            check,
            instructions=fence(agents.prompts.render(agent.name, **variables)),
            violations=critique.violations,
        )
    return artifact


def round_of(agent: Agent[A], attempt: int) -> str:
    """The subject of a round: `architecture`, then `architecture 2`, and so on."""
    return agent.name if attempt == 0 else f"{agent.name} {attempt + 1}"
