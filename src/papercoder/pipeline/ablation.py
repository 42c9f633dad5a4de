"""Shorter pipelines, to measure what each stage contributes (Paper2Code, section 5, ablation).

::

    paper           one agent writes the whole repository
    plan            the same, with the overall plan
    architecture    each file of the architecture after the files listed before it
    logic           each file as soon as the files that it imports exist
    config          the same, with the settings in `config.yaml`
    analysis        the same, with an analysis of each file: the published pipeline
    requirements    the full pipeline without revision and repair; adds refinement, claims and property tests too
    review          the full pipeline without repair
    repair          the full pipeline

Up to `logic` there is no configuration and there are no trials; the code contains its settings and runs everything.
"""

import asyncio
from collections.abc import Iterable

from papercoder.agents.agent import Agents
from papercoder.artifacts import (
    ArchitectureDesign,
    LogicDesign,
    OverallPlan,
    Paper,
    Repository,
    SourceFile,
    Traceability,
)
from papercoder.concurrency import gather_all
from papercoder.errors import ArtifactError
from papercoder.pipeline.pipeline import (
    add_documents,
    add_equipment,
    describe,
    paper_to_repository,
    plan_as_published,
    write_configuration,
)
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.code_graph import import_order
from papercoder.repository.config_text import config_outline
from papercoder.repository.files import path_problem
from papercoder.runs.run import Run
from papercoder.settings import Settings
from papercoder.stages import packaging
from papercoder.stages.coding import write_designed_file, write_listed_file, write_whole
from papercoder.stages.planning.design import design_bare_architecture, design_bare_logic, make_overall_plan


async def paper_only(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """One agent writes the whole repository."""
    return await finish(paper, None, (), await write_whole_repository(run, paper, None, publish), publish)


async def with_plan(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """One agent writes the whole repository from the overall plan."""
    plan = await make_plan(run, paper)
    return await finish(paper, plan, (), await write_whole_repository(run, paper, plan, publish), publish)


async def with_architecture(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """The files of the architecture are written one after the other."""
    plan = await make_plan(run, paper)
    architecture = await make_architecture(run, paper, plan)
    code = await write_in_listed_order(run, paper, plan, architecture, publish)
    return await finish(paper, plan, (), code, publish)


async def with_logic(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """Each file is written as soon as the files that it imports exist."""
    plan = await make_plan(run, paper)
    architecture = await make_architecture(run, paper, plan)
    logic = await run.step("planning/logic.json", design_bare_logic, paper, plan, architecture)
    code = await write_in_import_order(run, paper, plan, logic, None, publish)
    return await finish(paper, plan, logic.packages, code, publish)


async def with_config(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """All of the published planning, but without an analysis of each file."""
    design = await plan_as_published(run, paper)
    configuration = await write_configuration(design, publish)
    outline = config_outline(configuration[0].text, design.config)
    code = await write_in_import_order(run, paper, design.plan, design.logic, outline, publish)
    files = await add_equipment(design, configuration, code, publish)
    return await add_documents(paper, design, files, publish)


async def with_requirements(run: Run[Agents], paper: Paper, publish: Publisher, settings: Settings) -> Repository:
    """The full pipeline without rounds of review and repair; verdicts and executions are only reported.

    Requirements bring claims, verdicts, property tests, refinement and executions with them, so the difference to the
    previous row is not due to requirements alone.
    """
    without = settings.model_copy(update={"review_rounds": 0, "repair_rounds": 0})
    return await paper_to_repository(run, paper, publish, without)


async def with_review(run: Run[Agents], paper: Paper, publish: Publisher, settings: Settings) -> Repository:
    """The full pipeline without rounds of repair; executions are only reported."""
    return await paper_to_repository(run, paper, publish, settings.model_copy(update={"repair_rounds": 0}))


async def make_plan(run: Run[Agents], paper: Paper) -> OverallPlan:
    """Make the overall plan of the published pipeline."""
    return await run.step("planning/plan.json", make_overall_plan, paper, await describe(run, paper))


async def make_architecture(run: Run[Agents], paper: Paper, plan: OverallPlan) -> ArchitectureDesign:
    """Design the architecture of the published pipeline."""
    return await run.step("planning/architecture.json", design_bare_architecture, paper, plan)


async def write_whole_repository(run: Run[Agents], paper: Paper, plan: OverallPlan | None, publish: Publisher) -> Files:
    """Write all files in one answer."""
    artifact = "coding/files.json"
    files = await run.step(artifact, write_whole, paper, plan)
    _require_valid_paths(artifact, (file.path for file in files))
    return await publish(files, "Coding: the source files")


async def write_in_listed_order(
    run: Run[Agents], paper: Paper, plan: OverallPlan, architecture: ArchitectureDesign, publish: Publisher
) -> Files:
    """Write the files one after the other; each agent reads all files before its own."""
    _require_valid_paths("planning/architecture.json", (file.path for file in architecture.files))
    written: Files = ()
    for file in architecture.files:
        code = await run.step(f"repo/{file.path}", write_listed_file, paper, plan, architecture, written, file)
        written = (*written, SourceFile(path=file.path, text=code))
    return await publish(written, "Coding: the source files")


async def write_in_import_order(
    run: Run[Agents], paper: Paper, plan: OverallPlan, logic: LogicDesign, config: str | None, publish: Publisher
) -> Files:
    """Write each file as soon as the files that it imports exist."""
    writing: dict[str, asyncio.Task[SourceFile]] = {}

    async def write(path: str) -> SourceFile:
        imported = tuple(await gather_all(writing[item.path] for item in logic.file(path).imports))
        code = await run.step(f"repo/{path}", write_designed_file, paper, plan, logic, config, imported, path)
        return SourceFile(path=path, text=code)

    for path in import_order(logic):
        writing[path] = asyncio.create_task(write(path))
    return await publish(tuple(await gather_all(writing.values())), "Coding: the source files")


def _require_valid_paths(artifact: str, paths: Iterable[str]) -> None:
    """Check the paths in an artifact that the user may have edited; those from agents were checked before.

    Raises:
        ArtifactError: a path leads out of the repository, or may not be written.
    """
    if problem := next(filter(None, map(path_problem, paths)), None):
        raise ArtifactError(f"{artifact}: {problem}. Correct it, or delete it to have it made again.")


async def finish(
    paper: Paper, plan: OverallPlan | None, packages: tuple[str, ...], code: Files, publish: Publisher
) -> Repository:
    """Add what the code needs to run, and a README; delete the files of earlier plans."""
    equipment = await publish(packaging.bare_equipment(packages, code), "Packaging: what the code needs to run")
    readme = await publish((packaging.bare_readme(paper, plan, code),), "Packaging: README")
    files = (*code, *equipment, *readme)
    await publish.finish(files)
    return Repository(files=files, traceability=Traceability(traces=()))
