"""Analysis: what a file has to do, in detail, before it is written (Paper2Code, section 3.2)."""

import re
from collections.abc import Iterator

from pydantic import ValidationError

from papercoder.agents.agent import WITH_TRIALS, Agent, Agents, reads_references, uses
from papercoder.agents.answers import Prose
from papercoder.agents.context import cited_part, plan_part, text_part
from papercoder.agents.listings import claims_by_table, figures_parts, file_logic, interfaces, requirement_lines
from papercoder.artifacts import (
    NO_FIGURES,
    Claim,
    ConfigValue,
    FigureDescriptions,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirement,
)
from papercoder.artifacts.design import EXPERIMENTS
from papercoder.repository.config_text import settings_named_in
from papercoder.repository.traceability import ids_in
from papercoder.text.yaml_text import InvalidYaml, load_yaml

ANALYST = Agent("analysis", "analysis", Prose())
EXPERIMENTS_ANALYST = Agent("analysis", "analysis", Prose(), WITH_TRIALS)


_REFERENCES = 2500
"""Tokens of passages of other works for one file."""

_WHERE = "in the paragraph that names the requirement by its id"


@reads_references
@uses(ANALYST, EXPERIMENTS_ANALYST)
async def analyse_file(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    logic: LogicDesign,
    config: str,
    requirements: tuple[Requirement, ...],
    contributions: tuple[Requirement, ...],
    claims: tuple[Claim, ...],
    data: str,
    path: str,
    figures: FigureDescriptions = NO_FIGURES,
) -> str:
    """Analyse one file.

    `config` is the view of `config.yaml` without numbers; `requirements` are those that the file owns, `contributions`
    those of which it implements a part, `claims` those that it measures; `data` lists data sources that it may load.
    """
    own, both = logic.file(path), (*requirements, *contributions)
    parts = (
        cited_part(paper, (item.anchor for item in both)),
        *figures_parts(figures),
        *(() if both else (plan_part(plan),)),
        text_part(
            "The configuration", settings_named_in(config, own.implements, requirement_lines(both), list_rest=True)
        ),
        text_part("What all files agree on", logic.shared_knowledge),
    )
    code = await agents.matching_code(both, _REFERENCES, _WHERE)

    def check(analysis: str, attempt: int) -> list[str]:
        return [*problems(analysis, both), *code.problems([analysis])] if attempt == 0 else []

    return await agents.ask(
        ANALYST if not path.endswith(f"/{EXPERIMENTS}") else EXPERIMENTS_ANALYST,
        path,
        (*parts, *code.part),
        check,
        path=path,
        logic=file_logic(own),
        imported=interfaces(logic.file(item.path) for item in own.imports),
        requirements=requirement_lines(requirements, quoted=False),
        contributions=requirement_lines(contributions, quoted=False),
        claims=claims_by_table(claims),
        data=data,
    )


def problems(analysis: str, requirements: tuple[Requirement, ...]) -> Iterator[str]:
    """Settings in another form, and many requirements that it does not mention."""
    for line, value in _settings(analysis):
        if value is None:
            yield f"`{line}` is not a setting in the form that was asked for."
    missing = [item.id for item in requirements if item.id not in ids_in(analysis)]
    if len(missing) > len(requirements) / 3:  # the engineer sees the requirements too, so that a few may lack
        yield f"It does not say how the file meets {', '.join(missing)}."


_SETTING = re.compile(
    r"SETTING (?P<key>[\w.]+) = (?P<value>.+?)(?:; smoke (?P<smoke>.+?))? "
    r"\((?P<source>R[1-9]\d*|assumed|[\"\u201c].+[\"\u201d])\): (?P<meaning>.+)"
)


def settings_in(analysis: str) -> tuple[ConfigValue, ...]:
    """The settings that an analysis found missing, of lines `SETTING key = value; smoke value (source): meaning`."""
    return tuple(value for _, value in _settings(analysis) if value)


def _settings(analysis: str) -> Iterator[tuple[str, ConfigValue | None]]:
    """The lines with settings, and their values; None for one that cannot be read."""
    for line in analysis.splitlines():
        text = line.strip(" -*").replace("`", "")
        if not text.startswith("SETTING "):
            continue
        found = _SETTING.fullmatch(text)
        try:
            yield text, _config_value(found) if found else None
        except (InvalidYaml, ValidationError):
            yield text, None


def _config_value(found: re.Match[str]) -> ConfigValue:
    """The value of a line.

    Raises:
        InvalidYaml: the value is not YAML.
        ValidationError: the value has an invalid type, or the key is invalid.
    """
    source = found["source"]
    is_id = source.startswith("R")
    return ConfigValue.model_validate(
        {
            "key": found["key"],
            "value": load_yaml(found["value"]),
            "smoke": load_yaml(found["smoke"]) if found["smoke"] else None,
            "source": "requirement" if is_id else "assumed" if source == "assumed" else "quote",
            "requirement": source if is_id else "",
            "quote": "" if is_id or source == "assumed" else source[1:-1],
            "meaning": found["meaning"],
        }
    )
