"""Variants: the edits that make a hypothesis true in the code."""

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.context import cited_part, text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.listings import python_code, requirement_lines
from papercoder.artifacts import Edits, Hypothesis, Paper, Requirement, SourceFile

VARIANT_WRITER = Agent("variant", "coding", SearchReplace())


@uses(VARIANT_WRITER)
async def write_variant(
    agents: Agents,
    paper: Paper,
    hypothesis: Hypothesis,
    requirements: tuple[Requirement, ...],
    config: str,
    files: tuple[SourceFile, ...],
    tests: tuple[SourceFile, ...],
) -> Edits:
    """Write the edits for one hypothesis.

    Args:
        agents: runs the agent.
        paper: the paper.
        hypothesis: names the files to edit and what to change.
        requirements: those that the files own.
        config: the outline of `config.yaml`.
        files: the code; only the files that the hypothesis names may be edited.
        tests: of these files; they may be edited too.
    """
    own = (*(file for file in files if file.path in hypothesis.files), *tests)
    asked = tuple(item.anchor for item in requirements if item.id == hypothesis.requirement)

    def check(edits: Edits, _: int) -> list[str]:
        return edit_problems(own, edits, {file.path for file in own}) if edits.edits else ["Write the edits."]

    return await agents.ask(
        VARIANT_WRITER,
        hypothesis.id,
        (
            *((cited_part(paper, asked),) if asked else ()),
            text_part("The configuration", config),
            text_part("Files to edit", "\n\n".join(map(python_code, own))),
        ),
        check,
        statement=hypothesis.statement,
        reading=hypothesis.reading,
        requirement=hypothesis.requirement,
        change=hypothesis.change,
        paths=tuple(file.path for file in own),
        requirements=requirement_lines(requirements, quoted=False),
    )
