"""Analysis: what a file has to do, in detail, before it is written (Paper2Code, section 3.2)."""

import re

from papercoder.agent import Agent, Ask, uses
from papercoder.answers import Prose
from papercoder.artifacts import ArchitectureDesign, LogicDesign, OverallPlan, Paper, Requirements
from papercoder.context import artifact_part, paper_part, text_part
from papercoder.lines import file_logic, requirement_lines

ANALYST = Agent("analysis", "analysis", Prose())


@uses(ANALYST)
async def analyse_file(
    ask: Ask,
    paper: Paper,
    plan: OverallPlan,
    requirements: Requirements,
    architecture: ArchitectureDesign,
    logic: LogicDesign,
    config: str,
    path: str,
) -> str:
    """Analyse one file; `config` is the text of `config.yaml`."""
    own = requirements.pick(architecture.owned_by(path))
    parts = (
        paper_part(paper, (item.anchor for item in own or requirements.items)),
        artifact_part("The overall plan", plan),
        artifact_part("The architecture", architecture),
        artifact_part("The logic", logic),
        text_part("The configuration", config),
    )

    def check(analysis: str, attempt: int) -> list[str]:
        missing = [item.id for item in own if not re.search(rf"\b{item.id}\b", analysis)]
        return [f"It does not say how the file meets {', '.join(missing)}."] if missing and attempt == 0 else []

    return await ask(
        ANALYST,
        path,
        parts,
        check,
        path=path,
        logic=file_logic(logic.file(path)),
        requirements=requirement_lines(own),
    )
