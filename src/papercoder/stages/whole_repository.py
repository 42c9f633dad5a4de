"""The whole repository in one answer: a baseline without a design, from the paper and perhaps its plan."""

from papercoder.agents.agent import BARE, Agent, Agents, uses
from papercoder.agents.context import paper_part, plan_part
from papercoder.agents.files import FileBlocks
from papercoder.artifacts import OverallPlan, Paper, SourceFile
from papercoder.artifacts.design import ENTRY

WRITER = Agent("whole", "coding", FileBlocks(), BARE)


@uses(WRITER)
async def write_whole(agents: Agents, paper: Paper, plan: OverallPlan | None) -> tuple[SourceFile, ...]:
    """Write all files at once."""
    planned = (plan_part(plan),) if plan else ()
    return await agents.ask(WRITER, "", (paper_part(paper), *planned), lambda files, _: problems(files))


def problems(files: tuple[SourceFile, ...]) -> list[str]:
    """The entry point, if it is missing."""
    return [] if any(file.path == ENTRY for file in files) else [f"`{ENTRY}` is missing."]
