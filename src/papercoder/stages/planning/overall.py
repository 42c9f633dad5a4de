"""The overall plan."""

from papercoder.agents.agent import Agent, Ask, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import paper_part
from papercoder.artifacts import OverallPlan, Paper
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser

PLANNER = Agent("overall_plan", "planning", Json(OverallPlan))


@uses(PLANNER, VERIFIER, reviser(PLANNER))
async def make_overall_plan(ask: Ask, paper: Paper, refine: int) -> OverallPlan:
    """Plan the reproduction of a paper as a whole."""
    parts = (paper_part(paper),)
    plan = await ask(PLANNER, "", parts)
    return await refined(ask, PLANNER, plan, parts, lambda *_: [], refine)
