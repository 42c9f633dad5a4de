"""Implementation of an amendment: edits of the plan, the logic design, the code and its tests, and nothing else."""

import re
from collections.abc import Iterable
from dataclasses import replace

from papercoder.agents.agent import WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.context import text_part
from papercoder.agents.edits import SearchReplace, apply, edit_problems
from papercoder.agents.listings import interfaces, requirement_lines
from papercoder.artifacts import Artifact, Edits, LogicDesign, OverallPlan, Requirement, SourceFile
from papercoder.artifacts.design import Design
from papercoder.errors import ArtifactError
from papercoder.repository.traceability import marks
from papercoder.runs.folder import artifact_text, parse_artifact
from papercoder.text.fences import fence

IMPLEMENTER = Agent("implement", "coding", SearchReplace(), WITH_TRIALS)

PLAN, LOGIC = "planning/plan.json", "planning/logic.json"


class AmendedItems(Artifact):
    """What an amendment changes, before and after."""

    requirements_before: tuple[Requirement, ...]
    requirements: tuple[Requirement, ...]
    settings: tuple[str, ...]
    """The lines of the configuration's diff."""

    keys: tuple[str, ...]
    """The changed and new keys."""


@uses(IMPLEMENTER)
async def implement(
    agents: Agents,
    items: AmendedItems,
    plan: OverallPlan,
    logic: LogicDesign,
    config: str,
    files: tuple[SourceFile, ...],
) -> Edits:
    """Edit plan, logic design and code so that they follow an amendment.

    Args:
        agents: runs the agent.
        items: what the amendment changes.
        plan: as it was before.
        logic: as it was before.
        config: the outline of the amended configuration.
        files: those that may be edited; the edits may name `PLAN` and `LOGIC` too.
    """
    documents = planning_files(plan, logic)
    shown = {file.path for file in files}

    def check(edits: Edits, _: int) -> list[str]:
        found = edit_problems((*documents, *files), edits, shown | {PLAN, LOGIC})
        return found or _result_problems(apply((*documents, *files), edits), items.requirements)

    return await agents.ask(
        IMPLEMENTER,
        "",
        (
            text_part("Interfaces of all files", interfaces(logic.files)),
            text_part("The configuration", config),
            *(text_part(f"`{file.path}`", f"````\n{file.text}````") for file in (*documents, *files)),
        ),
        check,
        before=requirement_lines(items.requirements_before) or "None.",
        requirements=requirement_lines(items.requirements) or "None.",
        settings=fence("\n".join(items.settings) or "None."),
        files=tuple(file.path for file in files),
        plan=PLAN,
        logic=LOGIC,
    )


def planning_files(plan: OverallPlan, logic: LogicDesign) -> tuple[SourceFile, SourceFile]:
    """The plan and the logic design as files that can be edited."""
    return (
        SourceFile(path=PLAN, text=artifact_text(plan, OverallPlan)),
        SourceFile(path=LOGIC, text=artifact_text(logic, LogicDesign)),
    )


def read_planning_files(files: Iterable[SourceFile]) -> tuple[OverallPlan, LogicDesign]:
    """The plan and the logic design in edited files.

    Raises:
        InvalidAnswerError: one of them is not valid any more.
    """
    texts = {file.path: file.text for file in files}
    try:
        plan = parse_artifact(PLAN, OverallPlan, texts[PLAN])
        logic = parse_artifact(LOGIC, LogicDesign, texts[LOGIC])
    except ArtifactError as error:
        raise InvalidAnswerError(str(error)) from error
    assert isinstance(plan, OverallPlan)
    assert isinstance(logic, LogicDesign)
    return plan, logic


def with_edits(design: Design, files: tuple[SourceFile, ...], edits: Edits) -> tuple[Design, tuple[SourceFile, ...]]:
    """The design with its edited plan and logic, and the edited code.

    Raises:
        InvalidAnswerError: the edits do not fit.
    """
    edited = apply((*planning_files(design.plan, design.logic), *files), edits)
    plan, logic = read_planning_files(edited)
    return replace(design, plan=plan, logic=logic), tuple(file for file in edited if file.path not in {PLAN, LOGIC})


def _result_problems(edited: tuple[SourceFile, ...], requirements: tuple[Requirement, ...]) -> list[str]:
    try:
        _, logic = read_planning_files(edited)
    except InvalidAnswerError as error:
        return [str(error)]
    code = [file for file in edited if file.path.endswith(".py")]
    marked = {name for file in code for name in marks(file.text)}
    found = [f"No comment marks {item.id}: {item.statement}" for item in requirements if item.id not in marked]
    planned = {file.path for file in logic.files}
    new = [file.path for file in code if file.path not in planned and not file.path.startswith("tests/")]
    return [*found, *(f"`{path}` is not in {LOGIC}." for path in new)]


def files_to_edit(design: Design, files: tuple[SourceFile, ...], items: AmendedItems) -> tuple[SourceFile, ...]:
    """The files that an amendment may change: owners of its requirements, readers of its settings, their callers, and
    the tests of all these."""
    changed = {item.id for item in items.requirements}
    names = [key.rsplit(".", 1)[-1] for key in items.keys]
    reads = re.compile(rf"[\"'](?:{'|'.join(map(re.escape, names))})[\"']") if names else None
    code = [file for file in files if file.path.endswith(".py")]
    chosen = {plan.path for plan in design.architecture.files if changed & set(plan.owns)}
    chosen |= {file.path for file in code if reads and reads.search(file.text)}
    chosen |= {plan.path for plan in design.architecture.files if chosen & design.imported_by(plan.path)}
    modules = {path.removesuffix(".py").replace("/", ".") for path in chosen}
    tests = {file.path for file in code if file.path.startswith("tests/") and _imports_any(file.text, modules)}
    return tuple(file for file in code if file.path in chosen | tests)


def _imports_any(text: str, modules: set[str]) -> bool:
    return any(re.search(rf"\b{re.escape(module)}\b", text) for module in modules)
