"""The configuration: every setting with its source."""

from collections.abc import Iterator

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, artifact_part, plan_part, technical_part
from papercoder.agents.listings import data_parts, requirements_part
from papercoder.artifacts import (
    ArchitectureDesign,
    ConfigValue,
    DataSources,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirements,
    Value,
)
from papercoder.paper.evidence import find_quote, numbers
from papercoder.stages.planning.changes import ConfigChanges
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser

CONFIGURER = Agent("config", "planning", Json(ExperimentConfig), NO_CONVENTIONS)

SYNTHETIC = "data.synthetic"
"""The setting that replaces the data with synthetic data."""

DATA_ROOT = "data.root"
"""The setting with the folder of the data."""


@uses(CONFIGURER, VERIFIER, reviser(CONFIGURER, ConfigChanges))
async def design_config(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    requirements: Requirements,
    data: DataSources,
    designs: tuple[ArchitectureDesign, LogicDesign] | None,
    refine: int,
) -> ExperimentConfig:
    """Collect all settings; a value that neither a requirement nor a quote states becomes `assumed`."""
    designed: tuple[Part, ...] = ()
    if designs:
        designed = artifact_part("The architecture", designs[0]), artifact_part("The logic", designs[1])
    parts = (
        technical_part(paper, (item.anchor for item in requirements.items)),
        *(requirements_part(requirements.items, quoted=False) or (plan_part(plan),)),
        *data_parts(data),
        *designed,
    )

    def check(config: ExperimentConfig, attempt: int) -> list[str]:
        hard = list(key_problems(config, data))
        return hard or (list(provenance_problems(config, paper, requirements)) if attempt == 0 else [])

    has_requirements = bool(requirements.items)
    config = await agents.ask(CONFIGURER, "", parts, check, has_requirements=has_requirements)
    config = await refined(
        agents, CONFIGURER, ConfigChanges, config, parts, check, refine, has_requirements=has_requirements
    )
    return proved(config, paper, requirements)


def key_problems(config: ExperimentConfig, data: DataSources) -> Iterator[str]:
    """Duplicate keys, keys that are both a value and a group, and missing settings of the data."""
    seen = set[str]()
    keys = [value.key for value in config.values]
    for key in keys:
        if key in seen:
            yield f"The key `{key}` occurs twice."
        seen.add(key)
        if any(other.startswith(f"{key}.") for other in keys):
            yield f"`{key}` is both a value and a group of keys."
    needed = (SYNTHETIC, DATA_ROOT) if any(source.has_files for source in data.items) else (SYNTHETIC,)
    for key in needed:
        if key not in seen:
            yield f"The key `{key}` is missing."


def provenance_problems(config: ExperimentConfig, paper: Paper, requirements: Requirements) -> Iterator[str]:
    """Values whose source does not state them."""
    for value in config.values:
        if reason := _unproved(value, paper, requirements):
            yield f"`{value.key}`: {reason}"


def proved(config: ExperimentConfig, paper: Paper, requirements: Requirements) -> ExperimentConfig:
    """The configuration, with values that their source does not state marked as `assumed`."""

    def verified(value: ConfigValue) -> ConfigValue:
        if _unproved(value, paper, requirements):
            return value.model_copy(update={"source": "assumed"})
        return value

    return ExperimentConfig(values=tuple(map(verified, config.values)))


def _unproved(value: ConfigValue, paper: Paper, requirements: Requirements) -> str | None:
    if value.source == "assumed":
        return None
    if value.source == "requirement":
        owner = requirements.pick([value.requirement])
        if not owner or owner[0].status == "assumed":
            return f"`{value.requirement}` is not a requirement that the paper states; name another source."
        words = f"{owner[0].statement} {owner[0].quote}"
    else:
        words = value.quote
        if find_quote(paper, words) is None:
            return f'the paper does not say "{words}"; copy its words exactly.'
    missing = [number for number in _numbers_of(value.value) if number not in numbers(words)]
    return f"its source does not state {missing[0]:g}." if missing else None


def _numbers_of(value: Value) -> list[float]:
    values = value if isinstance(value, tuple) else (value,)
    return [float(abs(item)) for item in values if isinstance(item, int | float) and not isinstance(item, bool)]
