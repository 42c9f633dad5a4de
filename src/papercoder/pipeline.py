"""The order: planning, analysis, coding, packaging. The only place that knows it.

::

    paper -> plan, requirements -> architecture, configuration -> logic      planning
          -> an analysis of each file, all at once                           analysis
          -> each file as soon as those that it imports exist                coding
          -> what stands around the code                                     packaging
"""

import asyncio
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.agent import Ask
from papercoder.artifacts import (
    ArchitectureDesign,
    Claim,
    Claims,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Paper,
    Repository,
    Requirement,
    Requirements,
    SourceFile,
    Traceability,
)
from papercoder.config_view import config_view
from papercoder.graph import order
from papercoder.history import History
from papercoder.run import Run
from papercoder.stages import packaging
from papercoder.stages.analysis import analyse_file
from papercoder.stages.coding import write_file
from papercoder.stages.planning.architecture import ENTRY, design_architecture
from papercoder.stages.planning.claims import extract_claims
from papercoder.stages.planning.configuration import design_config, to_yaml
from papercoder.stages.planning.logic import design_logic
from papercoder.stages.planning.overall import make_overall_plan
from papercoder.stages.planning.requirements import complete_requirements, find_requirements
from papercoder.together import both, together
from papercoder.traceability import trace


@dataclass(frozen=True)
class Design:
    """All that planning made."""

    plan: OverallPlan
    requirements: Requirements
    architecture: ArchitectureDesign
    logic: LogicDesign
    config: ExperimentConfig
    claims: Claims

    def owned_by(self, path: str) -> tuple[Requirement, ...]:
        """The requirements that a file owns."""
        return self.requirements.pick(self.architecture.owned_by(path))

    def measured_by(self, path: str) -> tuple[Claim, ...]:
        """The claims, for files that take part in measuring them; none for others."""
        measures = path == ENTRY or any(item.kind in {"evaluation", "experiment"} for item in self.owned_by(path))
        return self.claims.items if measures else ()


async def paper_to_repository(run: Run[Ask], paper: Paper, history: History, refine: int) -> Repository:
    """The whole line."""
    design = await plan_in_full(run, paper, refine)
    return await realise(run, paper, design, history)


async def as_published(run: Run[Ask], paper: Paper, history: History, refine: int) -> Repository:
    """The line of the PaperCoder paper: no requirements, one thing after the other in planning."""
    design = await plan_as_published(run, paper, refine)
    return await realise(run, paper, design, history)


async def plan_in_full(run: Run[Ask], paper: Paper, refine: int) -> Design:
    """Plan with requirements as the spine; what does not wait for each other is made at once."""
    plan, found = await both(
        run.step("planning/plan.json", make_overall_plan, paper, refine),
        run.step("planning/found.json", find_requirements, paper),
    )
    requirements, claims = await both(
        run.step("planning/requirements.json", complete_requirements, paper, plan, found, refine),
        run.step("planning/claims.json", extract_claims, paper),
    )
    architecture, config = await both(
        run.step("planning/architecture.json", design_architecture, paper, plan, requirements, refine),
        run.step("planning/config.json", design_config, paper, plan, requirements, None, refine),
    )
    logic = await run.step(
        "planning/logic.json", design_logic, paper, plan, requirements, architecture, config, claims, refine
    )
    return Design(plan, requirements, architecture, logic, config, claims)


async def plan_as_published(run: Run[Ask], paper: Paper, refine: int) -> Design:
    """Overall plan, architecture, logic, configuration (Paper2Code, section 3.1)."""
    none = Requirements(items=())
    plan = await run.step("planning/plan.json", make_overall_plan, paper, refine)
    architecture = await run.step("planning/architecture.json", design_architecture, paper, plan, none, refine)
    logic = await run.step("planning/logic.json", design_logic, paper, plan, none, architecture, None, Claims(), refine)
    config = await run.step("planning/config.json", design_config, paper, plan, none, (architecture, logic), refine)
    return Design(plan, none, architecture, logic, config, Claims())


async def realise(run: Run[Ask], paper: Paper, design: Design, history: History) -> Repository:
    """From the design to the repository, with a commit for each stage."""
    settings = {
        "config.yaml": await run.keep("repo/config.yaml", to_yaml(design.config)),
        "config.smoke.yaml": await run.keep("repo/config.smoke.yaml", to_yaml(design.config, smoke=True)),
    }
    await history.commit("Planning: the configuration", tuple(settings))
    files = await write_files(run, paper, design, config_view(settings["config.yaml"], design.config))
    await history.commit("Coding: the source files", tuple(file.path for file in files))
    traceability = trace(design.requirements, design.architecture, files)
    around = await package(run, paper, design, files, traceability)
    made = {*settings, *(file.path for file in files), *around}
    gone = await run.prune("repo", made)
    await history.commit("Packaging: requirements, script, README, traceability", around, gone)
    return Repository(files=files, traceability=traceability)


async def write_files(run: Run[Ask], paper: Paper, design: Design, config: str) -> tuple[SourceFile, ...]:
    """Analyse all files at once, and write each as soon as those that it imports exist."""
    writing: dict[str, asyncio.Task[SourceFile]] = {}

    async def analyse_and_write(path: str) -> SourceFile:
        own, claims = design.owned_by(path), design.measured_by(path)
        analysis = await run.step(
            f"analysis/{path}.md", analyse_file, paper, design.plan, design.logic, config, own, claims, path
        )
        imported = tuple(await together(writing[item.path] for item in design.logic.file(path).imports))
        code = await run.step(
            f"repo/{path}", write_file, paper, design.logic, config, own, claims, analysis, imported, path
        )
        return SourceFile(path=path, text=code)

    for path in order(design.logic):
        writing[path] = asyncio.create_task(analyse_and_write(path))
    return tuple(await together(writing.values()))


async def package(
    run: Run[Ask], paper: Paper, design: Design, files: tuple[SourceFile, ...], traceability: Traceability
) -> tuple[str, ...]:
    """Write what stands around the code; returns its paths."""
    texts = {
        "requirements.txt": packaging.requirements_txt(design.logic, files),
        "reproduce.sh": packaging.REPRODUCE,
        "README.md": packaging.readme(
            paper, design.plan, design.requirements, design.architecture, design.config, traceability
        ),
        **packaging.traceability_files(traceability),
        **dict.fromkeys(packaging.package_markers(files), ""),
    }
    for name, text in texts.items():
        await run.keep(f"repo/{name}", text)
    (run.folder / "repo" / "reproduce.sh").chmod(0o755)
    return tuple(sorted(texts, key=PurePosixPath))
