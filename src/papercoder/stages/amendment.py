"""Amendment: what someone who knows says of the paper becomes requirements and settings."""

from pydantic import Field

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import text_part
from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ConfigValue,
    ExperimentConfig,
    FilePlan,
    Requirement,
    RequirementKind,
    Requirements,
    Value,
)
from papercoder.artifacts.design import Design
from papercoder.repository.config_text import to_yaml


class AmendedRequirement(Artifact):
    """A requirement as it has to be from now on."""

    id: str = Field(pattern=r"^R[1-9]\d*$")
    """Of the requirement that changes; the next free number for a new one."""

    kind: RequirementKind
    statement: str
    """In full, with its numbers and formula."""

    owner: str
    """The file that implements it."""


class AmendedValue(Artifact):
    """A setting as it has to be from now on."""

    key: str
    """One of the configuration's keys."""

    value: Value
    smoke: Value = None
    """The tiny value, where that changes; else null."""


class Amendment(Artifact):
    """All that a note changes; empty where it changes nothing."""

    requirements: tuple[AmendedRequirement, ...] = ()
    values: tuple[AmendedValue, ...] = ()


AMENDER = Agent("amend", "planning", Json(Amendment))


@uses(AMENDER)
async def amend(agents: Agents, design: Design, note: str) -> Amendment:
    """Work out which requirements and settings a note changes."""
    files = "\n".join(f"- `{file.path}`: {file.purpose}" for file in design.architecture.files)
    return await agents.ask(
        AMENDER,
        "",
        (
            text_part("The requirements", requirement_lines(design.requirements.items)),
            text_part("The configuration", to_yaml(design.config)),
            text_part("The files", files),
        ),
        lambda amendment, _: complaints(amendment, design),
        note=note,
    )


def complaints(amendment: Amendment, design: Design) -> list[str]:
    """Keys and files that are not there, and new requirements that leave numbers out."""
    keys = {value.key for value in design.config.values}
    paths = {file.path for file in design.architecture.files}
    free = 1 + max((int(item.id[1:]) for item in design.requirements.items), default=0)
    new = [int(item.id[1:]) for item in amendment.requirements if item.id not in design.requirements.ids]
    found = [f"`{value.key}` is no key of the configuration." for value in amendment.values if value.key not in keys]
    found += [f"`{item.owner}` is no file." for item in amendment.requirements if item.owner not in paths]
    if new != list(range(free, free + len(new))):
        found.append(f"New requirements are numbered from R{free} on.")
    return found


def amended(design: Design, amendment: Amendment, note: str, anchor: str) -> Design:
    """The design after an amendment; the note is the evidence of what it changed."""
    changed = {item.id: item for item in amendment.requirements}
    return Design(
        plan=design.plan,
        requirements=_requirements(design.requirements, changed, note, anchor),
        architecture=_architecture(design.architecture, changed),
        logic=design.logic,
        config=_config(design.config, {value.key: value for value in amendment.values}, note, next(iter(changed), "")),
        claims=design.claims,
    )


def _requirements(
    requirements: Requirements, changed: dict[str, AmendedRequirement], note: str, anchor: str
) -> Requirements:
    def settle(item: Requirement) -> Requirement:
        new = changed.get(item.id)
        return _stated(new, note, anchor) if new else item

    added = (_stated(item, note, anchor) for name, item in changed.items() if name not in requirements.ids)
    return Requirements(items=(*map(settle, requirements.items), *added))


def _stated(item: AmendedRequirement, note: str, anchor: str) -> Requirement:
    return Requirement(
        id=item.id,
        kind=item.kind,
        statement=item.statement,
        anchor=anchor,
        quote=note,
        status="stated",
        quote_found=True,
    )


def _architecture(design: ArchitectureDesign, changed: dict[str, AmendedRequirement]) -> ArchitectureDesign:
    def settle(file: FilePlan) -> FilePlan:
        kept = [name for name in file.owns if name not in changed]
        owned = [name for name, item in changed.items() if item.owner == file.path]
        return file.model_copy(update={"owns": tuple(sorted([*kept, *owned], key=lambda name: int(name[1:])))})

    return design.model_copy(update={"files": tuple(map(settle, design.files))})


def _config(config: ExperimentConfig, changed: dict[str, AmendedValue], note: str, stated: str) -> ExperimentConfig:
    """`stated` is the requirement that the note changed, which then states the values; empty where it changed none."""

    def settle(value: ConfigValue) -> ConfigValue:
        new = changed.get(value.key)
        if new is None:
            return value
        smoke = value.smoke if new.smoke is None else new.smoke
        by_requirement = {"source": "requirement", "requirement": stated, "quote": ""}
        by_note = {"source": "quote", "requirement": "", "quote": note}
        source = by_requirement if stated else by_note
        return value.model_copy(update={"value": new.value, "smoke": smoke, "alternatives": (), **source})

    return ExperimentConfig(values=tuple(map(settle, config.values)))
