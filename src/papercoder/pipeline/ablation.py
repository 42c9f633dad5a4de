"""The line cut short, for ablation: what does each step bring? (Paper2Code, section 5, the table of its ablation.)

::

    paper           one agent writes the whole repository
    plan            the same, given the overall plan
    architecture    each file of the architecture after those listed before it
    logic           each file as soon as those that it imports exist
    config          the same, with the settings in `config.yaml`
    analysis        the same, each file analysed before it is written: the published line
    requirements    the whole line, neither revised nor repaired: refinement, claims and property tests come with it
    review          the whole line, revised and not repaired
    repair          the whole line

Up to `logic` there is no configuration; the code holds its settings itself.
"""

import asyncio
from collections.abc import Iterable

from papercoder.agents.agent import Agents
from papercoder.artifacts import (
    ArchitectureDesign,
    Claims,
    LogicDesign,
    OverallPlan,
    Paper,
    Repository,
    Requirements,
    SourceFile,
    Traceability,
)
from papercoder.concurrency import gather_all
from papercoder.errors import ArtifactError
from papercoder.pipeline.pipeline import configure, document, equip, paper_to_repository, plan_as_published
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.config_view import config_view
from papercoder.repository.import_graph import order
from papercoder.repository.paths import path_problem
from papercoder.runs.run import Run
from papercoder.settings import Settings
from papercoder.stages import packaging
from papercoder.stages.coding import write_designed_file, write_listed_file
from papercoder.stages.planning.architecture import design_architecture
from papercoder.stages.planning.logic import design_logic
from papercoder.stages.planning.overall import make_overall_plan
from papercoder.stages.whole import write_whole


async def paper_only(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """One agent writes the whole repository."""
    return await finish(paper, None, (), await write_at_once(run, paper, None, publish), publish)


async def with_plan(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """One agent writes the whole repository, given the overall plan."""
    plan = await plan_overall(run, paper)
    return await finish(paper, plan, (), await write_at_once(run, paper, plan, publish), publish)


async def with_architecture(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """The files of the architecture are written one after the other."""
    plan = await plan_overall(run, paper)
    architecture = await plan_files(run, paper, plan)
    code = await write_as_listed(run, paper, plan, architecture, publish)
    return await finish(paper, plan, (), code, publish)


async def with_logic(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """Each file is written as soon as those that it imports exist."""
    plan = await plan_overall(run, paper)
    logic = await plan_logic(run, paper, plan, await plan_files(run, paper, plan))
    code = await write_as_designed(run, paper, plan, logic, None, publish)
    return await finish(paper, plan, logic.packages, code, publish)


async def with_config(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """All of the published planning, but no file is analysed before it is written."""
    design = await plan_as_published(run, paper)
    configuration = await configure(design, publish)
    view = config_view(configuration[0].text, design.config)
    code = await write_as_designed(run, paper, design.plan, design.logic, view, publish)
    files = await equip(design, configuration, code, publish)
    return await document(paper, design, files, publish)


async def with_requirements(run: Run[Agents], paper: Paper, publish: Publisher, settings: Settings) -> Repository:
    """The whole line with no rounds of review or repair: what verdicts and execution find is told, and left as it is.

    With requirements come what rests on them, claims, verdicts and property tests, and refinement and steps; what this
    row shows over the one before it is not owed to requirements alone.
    """
    left = settings.model_copy(update={"review_rounds": 0, "repair_rounds": 0})
    return await paper_to_repository(run, paper, publish, left)


async def with_review(run: Run[Agents], paper: Paper, publish: Publisher, settings: Settings) -> Repository:
    """The whole line with no rounds of repair: what fails when it is run is told, and left as it is."""
    return await paper_to_repository(run, paper, publish, settings.model_copy(update={"repair_rounds": 0}))


async def plan_overall(run: Run[Agents], paper: Paper) -> OverallPlan:
    """The published line's first step."""
    return await run.step("planning/plan.json", make_overall_plan, paper, _REFINE)


async def plan_files(run: Run[Agents], paper: Paper, plan: OverallPlan) -> ArchitectureDesign:
    """Its second."""
    return await run.step("planning/architecture.json", design_architecture, paper, plan, _NONE, _REFINE)


async def plan_logic(
    run: Run[Agents], paper: Paper, plan: OverallPlan, architecture: ArchitectureDesign
) -> LogicDesign:
    """Its third."""
    claims = Claims()
    return await run.step("planning/logic.json", design_logic, paper, plan, _NONE, architecture, None, claims, _REFINE)


_NONE, _REFINE = Requirements(items=()), 0
"""As published: no requirements, nothing refined."""


async def write_at_once(run: Run[Agents], paper: Paper, plan: OverallPlan | None, publish: Publisher) -> Files:
    """Write all files in one answer."""
    artifact = "coding/files.json"
    files = await run.step(artifact, write_whole, paper, plan)
    _stay_inside(artifact, (file.path for file in files))
    return await publish(files, "Coding: the source files")


async def write_as_listed(
    run: Run[Agents], paper: Paper, plan: OverallPlan, architecture: ArchitectureDesign, publish: Publisher
) -> Files:
    """Write the files one after the other, each given all before it."""
    _stay_inside("planning/architecture.json", (file.path for file in architecture.files))
    written: Files = ()
    for file in architecture.files:
        code = await run.step(f"repo/{file.path}", write_listed_file, paper, plan, architecture, written, file)
        written = (*written, SourceFile(path=file.path, text=code))
    return await publish(written, "Coding: the source files")


async def write_as_designed(
    run: Run[Agents], paper: Paper, plan: OverallPlan, logic: LogicDesign, config: str | None, publish: Publisher
) -> Files:
    """Write each file as soon as those that it imports exist."""
    writing: dict[str, asyncio.Task[SourceFile]] = {}

    async def write(path: str) -> SourceFile:
        imported = tuple(await gather_all(writing[item.path] for item in logic.file(path).imports))
        code = await run.step(f"repo/{path}", write_designed_file, paper, plan, logic, config, imported, path)
        return SourceFile(path=path, text=code)

    for path in order(logic):
        writing[path] = asyncio.create_task(write(path))
    return await publish(tuple(await gather_all(writing.values())), "Coding: the source files")


def _stay_inside(artifact: str, paths: Iterable[str]) -> None:
    """What the agents write was checked; this is for what someone edited.

    Raises:
        ArtifactError: a path leads out of the repository, or may not be written.
    """
    if reason := next(filter(None, map(path_problem, paths)), None):
        raise ArtifactError(f"{artifact}: {reason}. Mend it, or delete it to have it made again.")


async def finish(
    paper: Paper, plan: OverallPlan | None, packages: tuple[str, ...], code: Files, publish: Publisher
) -> Repository:
    """Add what the code needs to run, and a README; delete what an earlier plan had left."""
    equipment = await publish(packaging.bare_equipment(packages, code), "Packaging: what the code needs to run")
    readme = await publish((packaging.bare_readme(paper, plan, code),), "Packaging: README")
    files = (*code, *equipment, *readme)
    await publish.finish(files)
    return Repository(files=files, traceability=Traceability(traces=()))
