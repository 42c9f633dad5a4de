"""The overall plan."""

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import paper_part
from papercoder.artifacts import OverallPlan, Paper
from papercoder.stages.planning.changes import Changes
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser

PLANNER = Agent("overall_plan", "planning", Json(OverallPlan), NO_CONVENTIONS)


@uses(PLANNER, VERIFIER, reviser(PLANNER, Changes))
async def make_overall_plan(agents: Agents, paper: Paper, refine: int) -> OverallPlan:
    """Plan the reproduction of a paper as a whole."""
    parts = (paper_part(paper),)
    plan = await agents.ask(PLANNER, "", parts)
    return await refined(agents, PLANNER, Changes, plan, parts, lambda *_: [], refine)
