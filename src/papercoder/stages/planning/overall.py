"""The overall plan."""

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import paper_part
from papercoder.agents.listings import figures_parts
from papercoder.artifacts import NO_FIGURES, FigureDescriptions, OverallPlan, Paper

PLANNER = Agent("overall_plan", "planning", Json(OverallPlan), NO_CONVENTIONS)


@uses(PLANNER)
async def make_overall_plan(agents: Agents, paper: Paper, figures: FigureDescriptions = NO_FIGURES) -> OverallPlan:
    """Plan the reproduction of a paper as a whole.

    It is not verified: the code follows the requirements; the plan says what they are for and what is unclear.
    """
    return await agents.ask(PLANNER, "", (paper_part(paper), *figures_parts(figures)))
