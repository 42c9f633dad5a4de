"""The architecture: files, owners of requirements, diagrams."""

from collections import Counter

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import artifact_part, paper_part
from papercoder.artifacts import ArchitectureDesign, OverallPlan, Paper, Requirements
from papercoder.artifacts.design import ENTRY
from papercoder.diagrams.mermaid import submit, syntax_problem
from papercoder.repository.paths import collisions, module_problem, path_problem
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser
from papercoder.stages.planning.requirements import requirements_part

ARCHITECT = Agent("architecture", "planning", Json(ArchitectureDesign))


@uses(ARCHITECT, VERIFIER, reviser(ARCHITECT))
async def design_architecture(
    agents: Agents, paper: Paper, plan: OverallPlan, requirements: Requirements, refine: int
) -> ArchitectureDesign:
    """Choose the files, assign an owner to each requirement, and draw the class and sequence diagrams."""
    parts = (
        paper_part(paper, (item.anchor for item in requirements.items)),
        artifact_part("The overall plan", plan),
        requirements_part(requirements),
    )

    def check(design: ArchitectureDesign, _: int) -> list[str]:
        return problems(design, requirements)

    has_requirements = bool(requirements.items)
    design = await agents.ask(ARCHITECT, "", parts, check, has_requirements=has_requirements)
    return await refined(agents, ARCHITECT, design, parts, check, refine, has_requirements=has_requirements)


def problems(design: ArchitectureDesign, requirements: Requirements) -> list[str]:
    """Problems with file names, owners and diagrams."""
    paths = [file.path for file in design.files]
    found = [text for path in paths if (text := path_problem(path) or module_problem(path, ()))]
    found += collisions(paths)
    if ENTRY not in paths:
        found.append(f"`{ENTRY}` is missing.")
    submit(design.sequence_diagram)  # renders while the class diagram is checked
    diagrams = (
        syntax_problem(design.class_diagram, "classDiagram"),
        syntax_problem(design.sequence_diagram, "sequenceDiagram"),
    )
    return [*found, *_ownership(design, requirements), *filter(None, diagrams)]


def _ownership(design: ArchitectureDesign, requirements: Requirements) -> list[str]:
    owners = Counter(name for file in design.files for name in file.owns)
    found = [f"{name} is not a requirement." for name in owners if name not in requirements.ids]
    found += [f"{name} has {count} owners; it needs one." for name, count in owners.items() if count > 1]
    return found + [f"{item.id} has no owner." for item in requirements.items if item.id not in owners]
