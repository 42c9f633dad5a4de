"""The order of the stages. No other module knows it.

::

    paper -> plan, requirements, claims -> architecture, data, configuration -> logic   planning
          -> an analysis of each file, all at once                                  analysis
          -> each file as soon as the files that it imports exist,
             or all files at once, then edits where they do not fit                 coding
          -> a verdict for each requirement; what failed is revised                 review, checking
          -> property tests; requirements.txt, reproduce.sh, README                 packaging
          -> steps observed in a sandbox; what failed is repaired                   execution, repair
          -> assumptions that do not hold are corrected, once                       amendment
          -> trials within a budget; the paper's claims are compared                reproduction
          -> readings and suspected faults are tried for claims that differ         diagnosis
"""

import asyncio
from dataclasses import replace

from papercoder.agents.agent import Agents
from papercoder.agents.listings import data_lines
from papercoder.agents.references import cited_for
from papercoder.artifacts import (
    NO_FIGURES,
    Claims,
    ConfigValue,
    DataSources,
    ExperimentConfig,
    FigureDescriptions,
    OverallPlan,
    Paper,
    ReferencePassage,
    Repository,
    Requirements,
    SourceFile,
)
from papercoder.artifacts.design import ADDED_SETTINGS, Design
from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.concurrency import gather_all, gather_pair, run_in_thread
from papercoder.files.regular import read_text
from papercoder.paper.pictures import saved_figures
from papercoder.pipeline.adoption import amend_assumptions, pending_change, with_pending_change
from papercoder.pipeline.diagnosis import diagnose
from papercoder.pipeline.property_tests import PropertyTests, proposals_of_tests
from papercoder.pipeline.publisher import Files, Publisher, add_results
from papercoder.pipeline.reproduction import REPRODUCTION_SETTINGS, prepare_trials, reproduce
from papercoder.pipeline.rounds import RepairRounds, ReviewRounds
from papercoder.repository.code_graph import import_order
from papercoder.repository.config_text import config_outline, outline_with, to_yaml
from papercoder.repository.traceability import trace
from papercoder.runs.run import Run
from papercoder.settings import Coding, Settings
from papercoder.stages import packaging
from papercoder.stages.analysis import analyse_file, settings_in
from papercoder.stages.checking import check
from papercoder.stages.coding import write_file
from papercoder.stages.planning.claims import extract_claims
from papercoder.stages.planning.data import list_data_sources
from papercoder.stages.planning.design import (
    design_architecture,
    design_config,
    design_logic,
    make_overall_plan,
    proved,
)
from papercoder.stages.planning.readings import describe_figures
from papercoder.stages.planning.requirements import complete_requirements, find_requirements


async def paper_to_repository(run: Run[Agents], paper: Paper, publish: Publisher, settings: Settings) -> Repository:
    """The full pipeline."""
    design = await plan_with_requirements(run, paper, settings.refine)
    configuration = await write_configuration(design, publish)
    design, code = await write_code(run, paper, design, configuration, publish, settings.coding)
    configuration = await write_configuration(design, publish)  # with the settings that analysis added
    await add_equipment(design, configuration, code, publish)
    reviews = ReviewRounds(run, paper, design, configuration, publish)
    code = await reviews.reconcile(code) if settings.coding == "parallel" else code
    code = await reviews.run_rounds(code, settings.review_rounds)
    files = await add_equipment(design, configuration, code, publish)
    equipment = tuple(file for file in files if file not in code)
    tests = await PropertyTests(run, paper, design, configuration, publish, settings.sandbox).write(code, equipment)
    files = await add_equipment(design, configuration, (*code, *tests), publish)
    repairs = RepairRounds(run, design, publish, settings.sandbox, settings.gpu)
    files, execution = await repairs.run_rounds(files, settings.repair_rounds)
    verdicts = await reviews.verdicts(files)
    proposals = (*reviews.proposals, *proposals_of_tests(tests), *repairs.proposals)
    if await amend_assumptions(run, paper, design, files, proposals, publish):
        return await paper_to_repository(with_pending_change(run), paper, publish, settings)
    repository = await add_documents(paper, design, files, publish)
    await run.write_output("review/verdicts.json", verdicts)
    await run.write_output("checking/report.json", await run_in_thread(check, run.folder / "repo"))
    await run.write_output("execution/report.json", execution)
    if settings.reproduce and execution and "smoke" in execution.passed:
        options = ReproductionOptions.model_validate(settings.model_dump(include=REPRODUCTION_SETTINGS))
        prepared = await prepare_trials(run, repository.files, design.config.values, options)
        found = await reproduce(prepared, design.claims)
        await add_results(prepared, paper, design, found, publish)
        before = pending_change(run.folder)
        await diagnose(prepared, paper, design, publish)
        if pending_change(run.folder) != before:  # it kept a change
            return await paper_to_repository(with_pending_change(run), paper, publish, settings)
    return repository.model_copy(update={"verdicts": verdicts, "execution": execution})


async def as_published(run: Run[Agents], paper: Paper, publish: Publisher, _: Settings) -> Repository:
    """The pipeline of the PaperCoder paper: without requirements, refinement, review or execution."""
    design = await plan_as_published(run, paper)
    configuration = await write_configuration(design, publish)
    design, code = await write_code(run, paper, design, configuration, publish, "layered")
    configuration = await write_configuration(design, publish)
    files = await add_equipment(design, configuration, code, publish)
    return await add_documents(paper, design, files, publish)


async def plan_with_requirements(run: Run[Agents], paper: Paper, refine: int) -> Design:
    """Plan from requirements; artifacts that do not depend on each other are made at the same time."""
    figures = await describe(run, paper)
    plan, requirements, claims = await extract(run, paper, refine, figures)

    async def list_data_and_configure() -> tuple[DataSources, ExperimentConfig]:
        data = await run.step("planning/data.json", list_data_sources, paper, plan, requirements)
        config = await run.step(
            "planning/config.json", design_config, paper, plan, requirements, data.outline, None, refine
        )
        return data, config

    architecture, (data, config) = await gather_pair(
        run.step("planning/architecture.json", design_architecture, paper, plan, requirements, refine),
        list_data_and_configure(),
    )
    logic = await run.step(
        "planning/logic.json",
        design_logic,
        paper,
        plan,
        requirements,
        architecture,
        config,
        claims,
        data.outline,
        refine,
    )
    return Design(plan, requirements, architecture, logic, config, claims, data, figures)


async def describe(run: Run[Agents], paper: Paper) -> FigureDescriptions:
    """Describe the figures, if a model for that is chosen."""
    if "vision" not in run.context.models or not paper.figures:
        return NO_FIGURES
    pictures = await run_in_thread(saved_figures, run.folder, paper)
    return await run.step("planning/figures.json", describe_figures, paper, pictures)


async def extract(
    run: Run[Agents], paper: Paper, refine: int, figures: FigureDescriptions = NO_FIGURES
) -> tuple[OverallPlan, Requirements, Claims]:
    """Extract from the paper what to do and which results it reports."""

    async def plan_and_require() -> tuple[OverallPlan, Requirements]:
        plan, found = await gather_pair(
            run.step("planning/plan.json", make_overall_plan, paper, figures),
            run.step("planning/found.json", find_requirements, paper, figures),
        )
        return plan, await run.step(
            "planning/requirements.json", complete_requirements, paper, plan, found, refine, figures
        )

    (plan, requirements), claims = await gather_pair(
        plan_and_require(), run.step("planning/claims.json", extract_claims, paper, figures)
    )
    return plan, requirements, claims


async def plan_as_published(run: Run[Agents], paper: Paper) -> Design:
    """Overall plan, architecture, logic, configuration, one after the other (Paper2Code, section 3.1)."""
    none, claims, data, refine = Requirements(items=()), Claims(), DataSources(), 0
    figures = await describe(run, paper)
    plan = await run.step("planning/plan.json", make_overall_plan, paper, figures)
    architecture = await run.step("planning/architecture.json", design_architecture, paper, plan, none, refine)
    logic = await run.step(
        "planning/logic.json", design_logic, paper, plan, none, architecture, None, claims, data, refine
    )
    config = await run.step(
        "planning/config.json", design_config, paper, plan, none, data, (architecture, logic), refine
    )
    return Design(plan, none, architecture, logic, config, claims, data)


async def write_configuration(design: Design, publish: Publisher) -> Files:
    """Write `config.yaml` and `config.smoke.yaml`."""
    full = SourceFile(path="config.yaml", text=to_yaml(design.config))
    smoke = SourceFile(path="config.smoke.yaml", text=to_yaml(design.config, smoke=True))
    return await publish((full, smoke), "Planning: the configuration")


async def write_code(
    run: Run[Agents], paper: Paper, design: Design, configuration: Files, publish: Publisher, order: Coding
) -> tuple[Design, Files]:
    """Analyse all files at once, and write each as soon as it is analysed and, in layers, what it imports exists.

    Returns:
        The design, with the settings that the analyses found missing, and the code.
    """
    config = config_outline(configuration[0].text, design.config)
    writing: dict[str, asyncio.Task[SourceFile]] = {}
    missing: dict[str, tuple[ConfigValue, ...]] = {}

    async def analyse_and_write(path: str) -> SourceFile:
        owned, shared = design.owned_by(path), design.contributed_by(path)
        claims, data = design.measured_by(path), data_lines(design.data_of(path))
        artifact = f"analysis/{path}.md"
        inputs, figures = (config, owned, shared, claims, data), design.figures_of(path)
        analysis = await run.step(artifact, analyse_file, paper, design.plan, design.logic, *inputs, path, figures)
        missing[path] = settings_in(analysis)
        inputs = (outline_with(config, missing[path]), owned, shared, claims, data)
        needed = [writing[item.path] for item in design.logic.file(path).imports]
        imported = tuple(await gather_all(needed)) if order == "layered" else None
        code = await run.step(f"repo/{path}", write_file, paper, design.logic, *inputs, analysis, imported, path)
        return SourceFile(path=path, text=code)

    for path in import_order(design.logic):
        writing[path] = asyncio.create_task(analyse_and_write(path))
    code = await publish(tuple(await gather_all(writing.values())), "Coding: the source files")
    config_with_all = design.config.with_added(value for path in writing for value in missing[path])
    new = config_with_all.values[len(design.config.values) :]
    added = proved(ExperimentConfig(values=new), paper, design.requirements) if new else None
    await run.write_output(ADDED_SETTINGS, added)
    return (replace(design, config=design.config.with_added(added.values)) if added else design), code


async def add_equipment(design: Design, configuration: Files, code: Files, publish: Publisher) -> Files:
    """Add the files that the code needs to run: `requirements.txt`, `reproduce.sh`, `__init__.py` files."""
    equipment = await publish(packaging.equipment(design, code), "Packaging: what the code needs to run")
    return *configuration, *code, *equipment


async def add_documents(paper: Paper, design: Design, files: Files, publish: Publisher) -> Repository:
    """Write the README and the traceability, and delete the files of earlier plans."""
    used = await run_in_thread(references_used, publish.run, design)
    traceability = trace(design.requirements, design.architecture, files, used)
    documents = packaging.documents(paper, design, traceability)
    files = (*files, *await publish(documents, "Packaging: README and traceability"))
    await publish.finish(files)
    return Repository(files=files, traceability=traceability)


def references_used(run: Run[Agents], design: Design) -> dict[str, tuple[ReferencePassage, ...]]:
    """Requirement -> the code of other works that its statement, or the analysis of its file, cites."""
    references = run.context.references
    if not references.items:
        return {}
    cited = {item.id: [quote.anchor for quote in item.evidence] for item in design.requirements.items}
    for file in design.architecture.files:
        analysis = read_text(run.folder, f"analysis/{file.path}.md") or ""
        for name, passages in cited_for(analysis, (*file.owns, *file.contributes)).items():
            cited.setdefault(name, []).extend(passages)
    return {name: tuple(references.sources(dict.fromkeys(ids)).values()) for name, ids in cited.items()}
