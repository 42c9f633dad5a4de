"""Analysis: what a file has to do, in detail, before it is written (Paper2Code, section 3.2)."""

from papercoder.agents.agent import WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.answers import Prose
from papercoder.agents.context import cited_part, plan_part, text_part
from papercoder.agents.listings import claims_by_table, file_logic, interfaces, requirement_lines
from papercoder.artifacts import Claim, LogicDesign, OverallPlan, Paper, Requirement
from papercoder.artifacts.design import EXPERIMENTS
from papercoder.repository.traceability import ids_in

ANALYST = Agent("analysis", "analysis", Prose())
EXPERIMENTS_ANALYST = Agent("analysis", "analysis", Prose(), WITH_TRIALS)


@uses(ANALYST, EXPERIMENTS_ANALYST)
async def analyse_file(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    logic: LogicDesign,
    config: str,
    requirements: tuple[Requirement, ...],
    contributions: tuple[Requirement, ...],
    claims: tuple[Claim, ...],
    data: str,
    path: str,
) -> str:
    """Analyse one file.

    `config` is the view of `config.yaml` without numbers; `requirements` are those that the file owns, `contributions`
    those of which it implements a part, `claims` those that it measures; `data` lists data sources that it may load.
    """
    own, both = logic.file(path), (*requirements, *contributions)
    parts = (
        cited_part(paper, (item.anchor for item in both)),
        *(() if both else (plan_part(plan),)),
        text_part("The configuration", config),
        text_part("What all files agree on", logic.shared_knowledge),
    )

    def check(analysis: str, attempt: int) -> list[str]:
        missing = [item.id for item in both if item.id not in ids_in(analysis)]
        if attempt or len(missing) <= len(both) / 3:  # the engineer sees the requirements too, so that a few may lack
            return []
        return [f"It does not say how the file meets {', '.join(missing)}."]

    return await agents.ask(
        ANALYST if not path.endswith(f"/{EXPERIMENTS}") else EXPERIMENTS_ANALYST,
        path,
        parts,
        check,
        path=path,
        logic=file_logic(own),
        imported=interfaces(logic.file(item.path) for item in own.imports),
        requirements=requirement_lines(requirements, quoted=False),
        contributions=requirement_lines(contributions, quoted=False),
        claims=claims_by_table(claims),
        data=data,
    )
