"""The configuration, every value with where it comes from."""

from collections.abc import Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, artifact_part, paper_part
from papercoder.artifacts import (
    ArchitectureDesign,
    ConfigValue,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirements,
    Value,
)
from papercoder.paper.evidence import find_quote, numbers
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser
from papercoder.stages.planning.requirements import requirements_part

CONFIGURER = Agent("config", "planning", Json(ExperimentConfig))

SYNTHETIC = "data.synthetic"
"""The switch that replaces the data by a synthetic twin."""


@uses(CONFIGURER, VERIFIER, reviser(CONFIGURER))
async def design_config(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    requirements: Requirements,
    designs: tuple[ArchitectureDesign, LogicDesign] | None,
    refine: int,
) -> ExperimentConfig:
    """Gather every setting; what neither a requirement nor the paper's words state becomes `assumed`."""
    designed: tuple[Part, ...] = ()
    if designs:
        designed = artifact_part("The architecture", designs[0]), artifact_part("The logic", designs[1])
    parts = (
        paper_part(paper, (item.anchor for item in requirements.items)),
        artifact_part("The overall plan", plan),
        requirements_part(requirements),
        *designed,
    )

    def check(config: ExperimentConfig, attempt: int) -> list[str]:
        hard = list(key_complaints(config))
        return hard or (list(provenance_complaints(config, paper, requirements)) if attempt == 0 else [])

    has_requirements = bool(requirements.items)
    config = await agents.ask(CONFIGURER, "", parts, check, has_requirements=has_requirements)
    config = await refined(agents, CONFIGURER, config, parts, check, refine, has_requirements=has_requirements)
    return proved(config, paper, requirements)


def key_complaints(config: ExperimentConfig) -> Iterator[str]:
    """Keys that are there twice, or are a value and a group at once; a missing switch for synthetic data."""
    seen = set[str]()
    keys = [value.key for value in config.values]
    for key in keys:
        if key in seen:
            yield f"The key `{key}` is there twice."
        seen.add(key)
        if any(other.startswith(f"{key}.") for other in keys):
            yield f"`{key}` is a value and a group of keys."
    if SYNTHETIC not in seen:
        yield f"The key `{SYNTHETIC}` is missing."


def provenance_complaints(config: ExperimentConfig, paper: Paper, requirements: Requirements) -> Iterator[str]:
    """Values whose source does not state them."""
    for value in config.values:
        if reason := _unproved(value, paper, requirements):
            yield f"`{value.key}`: {reason}"


def proved(config: ExperimentConfig, paper: Paper, requirements: Requirements) -> ExperimentConfig:
    """The configuration with every value `assumed` whose source does not state it."""

    def settle(value: ConfigValue) -> ConfigValue:
        if _unproved(value, paper, requirements):
            return value.model_copy(update={"source": "assumed"})
        return value

    return ExperimentConfig(values=tuple(map(settle, config.values)))


def _unproved(value: ConfigValue, paper: Paper, requirements: Requirements) -> str | None:
    if value.source == "assumed":
        return None
    if value.source == "requirement":
        owner = requirements.pick([value.requirement])
        if not owner or owner[0].status == "assumed":
            return f"`{value.requirement}` is no requirement that the paper states; name another source."
        words = f"{owner[0].statement} {owner[0].quote}"
    else:
        words = value.quote
        if find_quote(paper, words) is None:
            return f'the paper nowhere says "{words}"; copy its words exactly.'
    missing = [number for number in _numbers_of(value.value) if number not in numbers(words)]
    return f"its source does not state {missing[0]:g}." if missing else None


def _numbers_of(value: Value) -> list[float]:
    values = value if isinstance(value, tuple) else (value,)
    return [float(abs(item)) for item in values if isinstance(item, int | float) and not isinstance(item, bool)]
