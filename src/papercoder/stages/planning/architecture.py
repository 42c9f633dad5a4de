"""The architecture: files, owners of requirements, diagrams."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from papercoder.agents.agent import BARE, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import paper_part, plan_part
from papercoder.agents.listings import design_parts
from papercoder.artifacts import ArchitectureDesign, OverallPlan, Paper, Requirements
from papercoder.artifacts.design import ENTRY, EXPERIMENTS
from papercoder.diagrams.mermaid import submit, syntax_problem
from papercoder.repository.files import collisions, module_problem, path_problem
from papercoder.stages.planning.changes import ArchitectureChanges
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser

ARCHITECT = Agent("architecture", "planning", Json(ArchitectureDesign))
BARE_ARCHITECT = Agent("architecture", "planning", Json(ArchitectureDesign), BARE)


@uses(ARCHITECT, VERIFIER, reviser(ARCHITECT, ArchitectureChanges))
async def design_architecture(
    agents: Agents, paper: Paper, plan: OverallPlan, requirements: Requirements, refine: int
) -> ArchitectureDesign:
    """Choose the files, assign an owner to each requirement, and draw the class and sequence diagrams."""
    parts = design_parts(paper, plan, requirements)

    def check(design: ArchitectureDesign, _: int) -> list[str]:
        return [*_package_problems(design), *problems(design), *_ownership(design, requirements)]

    has_requirements = bool(requirements.items)
    design = await agents.ask(ARCHITECT, "", parts, check, has_requirements=has_requirements, has_trials=True)
    variables = {"has_requirements": has_requirements, "has_trials": True}
    return await refined(agents, ARCHITECT, ArchitectureChanges, design, parts, check, refine, **variables)


@uses(BARE_ARCHITECT)
async def design_bare_architecture(agents: Agents, paper: Paper, plan: OverallPlan) -> ArchitectureDesign:
    """Choose the files of a repository whose `main.py` does everything, without configuration files and trials."""

    def check(design: ArchitectureDesign, _: int) -> list[str]:
        entry = [] if any(file.path == ENTRY for file in design.files) else [f"`{ENTRY}` is missing."]
        return [*entry, *problems(design)]

    parts = (paper_part(paper), plan_part(plan))
    return await agents.ask(BARE_ARCHITECT, "", parts, check, has_requirements=False, has_trials=False)


def problems(design: ArchitectureDesign) -> list[str]:
    """Problems with file names and diagrams."""
    paths = [file.path for file in design.files]
    found = [text for path in paths if (text := path_problem(path) or module_problem(path, ()))]
    found += collisions(paths)
    submit(design.sequence_diagram)  # renders while the class diagram is checked
    diagrams = (
        syntax_problem(design.class_diagram, "classDiagram"),
        syntax_problem(design.sequence_diagram, "sequenceDiagram"),
    )
    return [*found, *filter(None, diagrams)]


def _package_problems(design: ArchitectureDesign) -> Iterator[str]:
    """Files outside the one package, and more or less than one file with the experiments."""
    paths = [PurePosixPath(file.path) for file in design.files]
    packages = sorted({path.parts[0] for path in paths if len(path.parts) > 1})
    for path in paths:
        if len(path.parts) == 1:
            yield f"`{path}` is not in the package; name it `PACKAGE/{path}` with the method's name for PACKAGE."
    if len(packages) > 1:
        yield f"The files are in several packages ({', '.join(packages)}); put all of them into one."
    for name in packages:
        if name != name.lower() or name in {"trials", "tests", "results"}:
            yield f"The package `{name}` needs another name: the method's, in lower case."
    if [path.name for path in paths if len(path.parts) == 2].count(EXPERIMENTS) != 1:
        yield f"Exactly one file must be `PACKAGE/{EXPERIMENTS}`."


def _ownership(design: ArchitectureDesign, requirements: Requirements) -> list[str]:
    owners = Counter(name for file in design.files for name in file.owns)
    found = [f"{name} is not a requirement." for name in owners if name not in requirements.ids]
    found += [f"{name} has {count} owners; it needs one." for name, count in owners.items() if count > 1]
    for file in design.files:
        found += [f"{name} is not a requirement." for name in file.contributes if name not in requirements.ids]
        both = sorted(set(file.owns) & set(file.contributes))
        found += [f"`{file.path}` owns {name}; list it under `owns` only." for name in both]
    return found + [f"{item.id} has no owner." for item in requirements.items if item.id not in owners]
