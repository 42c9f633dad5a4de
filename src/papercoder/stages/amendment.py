"""Amendment: a note from the user about the paper becomes requirements, settings, and edits of plan, code and tests."""

import re
from collections.abc import Iterable
from dataclasses import replace

from pydantic import Field

from papercoder.agents.agent import NO_CONVENTIONS, WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.answers import InvalidAnswerError, Json
from papercoder.agents.context import text_part
from papercoder.agents.edits import SearchReplace, apply, edit_problems
from papercoder.agents.listings import interfaces, requirement_lines
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ConfigValue,
    Edits,
    ExperimentConfig,
    FilePlan,
    LogicDesign,
    OverallPlan,
    Quote,
    Requirement,
    RequirementKind,
    Requirements,
    SourceFile,
    Value,
)
from papercoder.artifacts.design import Design
from papercoder.errors import ArtifactError
from papercoder.repository.config_text import to_yaml
from papercoder.repository.traceability import marks
from papercoder.runs.folder import artifact_text, parse_artifact
from papercoder.text.fences import fence


class AmendedRequirement(Artifact):
    """A requirement after the amendment."""

    id: str = Field(pattern=r"^R[1-9]\d*$")
    """The id of the changed requirement, or the next free number for a new one."""

    kind: RequirementKind
    statement: str
    """The full statement, with its numbers and formula."""

    owner: str
    """The file that implements it."""

    settled: bool = True
    """Whether the note settles everything that the statement says. False if a part of it remains a choice that neither
    the paper nor the note states."""


class AmendedValue(Artifact):
    """A setting after the amendment."""

    key: str
    """An existing key of the configuration, or a new one for something that the code must be able to vary."""

    value: Value
    smoke: Value = None
    """The value for smoke runs if it changes, else null."""

    meaning: str = ""
    """Only for a new key: what it controls, in a few words, with its unit."""


class Amendment(Artifact):
    """Everything that a note changes; empty if it changes nothing."""

    requirements: tuple[AmendedRequirement, ...] = ()
    values: tuple[AmendedValue, ...] = ()


AMENDER = Agent("amend", "planning", Json(Amendment), NO_CONVENTIONS)


@uses(AMENDER)
async def amend(agents: Agents, design: Design, note: str) -> Amendment:
    """Determine which requirements and settings a note changes."""
    files = "\n".join(f"- `{file.path}`: {file.purpose}" for file in design.architecture.files)
    return await agents.ask(
        AMENDER,
        "",
        (
            text_part("The requirements", requirement_lines(design.requirements.items)),
            text_part("The configuration", to_yaml(design.config)),
            text_part("The files", files),
        ),
        lambda amendment, _: problems(amendment, design),
        note=fence(note),
    )


def problems(amendment: Amendment, design: Design) -> list[str]:
    """Unknown keys and files, and gaps in the numbers of new requirements."""
    keys = {value.key for value in design.config.values}
    paths = {file.path for file in design.architecture.files}
    free = 1 + max((int(item.id[1:]) for item in design.requirements.items), default=0)
    new = [int(item.id[1:]) for item in amendment.requirements if item.id not in design.requirements.ids]
    found = [
        f"`{value.key}` is not a key of the configuration; give a new key its meaning."
        for value in amendment.values
        if value.key not in keys and not value.meaning
    ]
    found += [
        f"`{item.owner}` is not a file of the repository." for item in amendment.requirements if item.owner not in paths
    ]
    if new != list(range(free, free + len(new))):
        found.append(f"Number new requirements from R{free}.")
    return found


def apply_amendment(design: Design, amendment: Amendment, note: str, anchor: str) -> Design:
    """Apply an amendment to a design; the note becomes evidence for each change."""
    changed = {item.id: item for item in amendment.requirements}
    evidence = Quote(anchor=anchor, text=note)
    return replace(
        design,
        requirements=_requirements(design.requirements, changed, evidence),
        architecture=_architecture(design.architecture, changed),
        config=_config(design.config, {value.key: value for value in amendment.values}, note, next(iter(changed), "")),
    )


def _requirements(requirements: Requirements, changed: dict[str, AmendedRequirement], evidence: Quote) -> Requirements:
    def amended(item: Requirement) -> Requirement:
        new = changed.get(item.id)
        return _amended(item, new, evidence) if new else item

    added = (_stated(item, evidence) for name, item in changed.items() if name not in requirements.ids)
    return Requirements(items=(*map(amended, requirements.items), *added))


def _amended(item: Requirement, new: AmendedRequirement, evidence: Quote) -> Requirement:
    """A requirement with a new statement: the paper's quote stays, and what the note leaves open stays assumed."""
    if new.settled and not item.quote:
        return _stated(new, evidence)
    status = {"status": "stated", "alternatives": ()} if new.settled else {}
    update = {"kind": new.kind, "statement": new.statement, "evidence": (*item.evidence, evidence), **status}
    return item.model_copy(update=update)


def _stated(item: AmendedRequirement, evidence: Quote) -> Requirement:
    return Requirement(
        id=item.id,
        kind=item.kind,
        statement=item.statement,
        anchor=evidence.anchor,
        quote=evidence.text,
        status="stated",
    )


def _architecture(design: ArchitectureDesign, changed: dict[str, AmendedRequirement]) -> ArchitectureDesign:
    def amended(file: FilePlan) -> FilePlan:
        kept = [name for name in file.owns if name not in changed]
        owned = [name for name, item in changed.items() if item.owner == file.path]
        return file.model_copy(update={"owns": tuple(sorted([*kept, *owned], key=lambda name: int(name[1:])))})

    return design.model_copy(update={"files": tuple(map(amended, design.files))})


def _config(config: ExperimentConfig, changed: dict[str, AmendedValue], note: str, stated: str) -> ExperimentConfig:
    """Amend the values; their source is the requirement `stated`, or the note if that is empty."""

    def amended(value: ConfigValue) -> ConfigValue:
        new = changed.get(value.key)
        if new is None:
            return value
        smoke = value.smoke if new.smoke is None else new.smoke
        by_requirement = {"source": "requirement", "requirement": stated, "quote": ""}
        by_note = {"source": "quote", "requirement": "", "quote": note}
        source = by_requirement if stated else by_note
        return value.model_copy(update={"value": new.value, "smoke": smoke, "alternatives": (), **source})

    known = {value.key for value in config.values}
    added = (
        amended(ConfigValue(key=key, value=new.value, smoke=new.smoke, source="assumed", meaning=new.meaning))
        for key, new in changed.items()
        if key not in known
    )
    return ExperimentConfig(values=(*map(amended, config.values), *added))


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
