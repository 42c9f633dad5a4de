"""Verify and refine: one agent lists what violates an artifact's own instructions, another revises it."""

from typing import TypeVar

from papercoder.agents.agent import Agent, Agents, Check
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, artifact_part
from papercoder.artifacts import Artifact, Critique

A = TypeVar("A", bound=Artifact)

VERIFIER = Agent("verify", "planning", Json(Critique))


def reviser(agent: Agent[A]) -> Agent[A]:
    """The agent that gives another agent's artifact again, with violations put right."""
    return Agent("refine", agent.role, agent.format)


async def violations(
    agents: Agents, agent: Agent[A], artifact: Artifact, parts: tuple[Part, ...], attempt: int, **variables: object
) -> Critique:
    """What a verifying agent finds wrong with an artifact."""
    return await agents.ask(
        VERIFIER,
        round_of(agent, attempt),
        (*parts, artifact_part("The artifact to check", artifact)),
        instructions=agents.prompts.render(agent.name, **variables),
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
    """The artifact after at most so many rounds; fewer where nothing is found wrong."""
    for attempt in range(rounds):
        critique = await violations(agents, agent, artifact, parts, attempt, **variables)
        if not critique.violations:
            break
        artifact = await agents.ask(
            reviser(agent),
            round_of(agent, attempt),
            (*parts, artifact_part("The artifact to revise", artifact)),
            check,
            instructions=agents.prompts.render(agent.name, **variables),
            violations=critique.violations,
        )
    return artifact


def round_of(agent: Agent[A], attempt: int) -> str:
    """The subject of a round: `architecture`, then `architecture 2`, and so on."""
    return agent.name if attempt == 0 else f"{agent.name} {attempt + 1}"
