"""Amendment: a note from the user about the paper becomes requirements and settings."""

from dataclasses import replace

from pydantic import Field

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import text_part
from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ConfigValue,
    ExperimentConfig,
    FilePlan,
    Quote,
    Requirement,
    RequirementKind,
    Requirements,
    Value,
)
from papercoder.artifacts.design import Design
from papercoder.repository.config_text import to_yaml
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
