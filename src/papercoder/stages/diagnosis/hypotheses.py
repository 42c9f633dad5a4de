"""Hypotheses: an agent sees the claims that differ and what stands behind them, and ranks the possible reasons."""

from collections.abc import Iterable, Iterator

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.agents.listings import numbered_code, requirement_lines
from papercoder.artifacts import (
    ExperimentConfig,
    Hypotheses,
    Hypothesis,
    HypothesisDraft,
    HypothesisDrafts,
    Paper,
    Requirements,
    SourceFile,
    TrialResult,
)
from papercoder.artifacts.design import ENTRY
from papercoder.paper.evidence import find_quote
from papercoder.repository.paths import RUNNER

DIAGNOSTICIAN = Agent("diagnosis", "review", Json(HypothesisDrafts), NO_CONVENTIONS)

_GIVEN = {ENTRY, RUNNER}
"""Files that are the same in every repository."""

_MAX_HYPOTHESES = 8


@uses(DIAGNOSTICIAN)
async def find_hypotheses(
    agents: Agents,
    paper: Paper,
    requirements: Requirements,
    config: ExperimentConfig,
    files: tuple[SourceFile, ...],
    differences: tuple[str, ...],
    others: tuple[str, ...],
    trials: tuple[TrialResult, ...],
) -> Hypotheses:
    """Ask for the reasons why claims differ, the most likely first.

    Args:
        agents: runs the agent.
        paper: the paper.
        requirements: all, with their alternatives.
        config: the settings with their sources and alternatives.
        files: the source files that the trials import.
        differences: a line for each claim and ordering that differs: reported, measured, interval.
        others: the same for those that are met, which a change must not lose.
        trials: the results of the trials.
    """
    code = tuple(file for file in files if file.path.endswith(".py") and file.path not in _GIVEN)
    cited = tuple(item.anchor for item in requirements.items if item.status in {"assumed", "cited"})

    def check(drafts: HypothesisDrafts, _: int) -> list[str]:
        return list(problems(drafts, paper, requirements, config, code, differences))

    drafts = await agents.ask(
        DIAGNOSTICIAN,
        "",
        (
            paper_part(paper, cited),
            text_part("The requirements", requirement_lines(requirements.items, quoted=False)),
            text_part("The configuration", config_lines(config)),
            _code_part(code),
            text_part("The trials", "\n".join(trial_lines(trials)) or "None ran."),
            text_part("Claims that are met", "\n".join(others) or "None."),
        ),
        check,
        differences="\n".join(differences),
        most=_MAX_HYPOTHESES,
    )
    chosen = drafts.hypotheses[:_MAX_HYPOTHESES]
    return Hypotheses(items=tuple(Hypothesis(**dict(draft), id=f"H{index}") for index, draft in enumerate(chosen, 1)))


def _code_part(code: tuple[SourceFile, ...]) -> Part:
    names = "\n".join(f"- `{file.path}`" for file in code)
    return text_part("The code", "\n\n".join(map(numbered_code, code)), names)


def config_lines(config: ExperimentConfig) -> str:
    """One line for each setting: key, value, source, alternatives, meaning."""
    lines = []
    for value in config.values:
        others = f"; alternatives: {' or '.join(value.alternatives)}" if value.alternatives else ""
        source = value.requirement if value.source == "requirement" else value.source
        lines.append(f"- {value.key}: {value.value!r} ({source}{others}) {value.meaning}".rstrip())
    return "\n".join(lines)


def trial_lines(trials: Iterable[TrialResult]) -> Iterator[str]:
    """One line for each experiment, method and data set: what each seed measured, and the failures."""
    groups: dict[tuple[str, str, str], list[TrialResult]] = {}
    for result in trials:
        trial = result.trial
        groups.setdefault((trial.experiment, trial.method, trial.dataset), []).append(result)
    for (experiment, method, dataset), results in groups.items():
        metrics = dict.fromkeys(name for result in results for name in result.measured)
        values = [
            f"{name} {', '.join(f'{result.measured[name]:.5g}' for result in results if name in result.measured)}"
            for name in metrics
        ]
        failures = [f"seed {item.trial.seed} {item.status}: {item.reason}" for item in results if item.status != "done"]
        yield f"- {experiment}; {method}; {dataset}: {'; '.join([*values, *failures])}"


def problems(
    drafts: HypothesisDrafts,
    paper: Paper,
    requirements: Requirements,
    config: ExperimentConfig,
    code: tuple[SourceFile, ...],
    differences: tuple[str, ...],
) -> Iterator[str]:
    """References to claims, requirements, settings, files or quotes that do not exist, and untestable hypotheses."""
    ids = {line.split()[1] for line in differences if line.startswith("- ")}
    keys, paths = {value.key for value in config.values}, {file.path for file in code}
    for number, draft in enumerate(drafts.hypotheses, 1):
        for reason in (
            *([] if ids & set(draft.claims) else ["it explains none of the claims that differ."]),
            *(f"{item.key} is not a key of the configuration." for item in draft.settings if item.key not in keys),
            *(f"`{path}` is not a file shown." for path in draft.files if path not in paths),
            *_kind_problems(draft, paper, requirements),
        ):
            yield f"Hypothesis {number}: {reason}"


def _kind_problems(draft: HypothesisDraft, paper: Paper, requirements: Requirements) -> Iterator[str]:
    if draft.kind in {"reading", "fault"}:
        yield from _change_problems(draft, requirements)
    if draft.kind == "paper" and len(draft.quotes) < 2:
        yield "quote the paper on both sides of the contradiction."
    for said in draft.quotes:
        if find_quote(paper, said.text, said.anchor) is None:
            yield f'the paper does not say "{said.text}" [{said.anchor}]; copy its words exactly.'


def _change_problems(draft: HypothesisDraft, requirements: Requirements) -> Iterator[str]:
    if draft.requirement not in requirements.ids:
        yield f"{draft.requirement or 'nothing'} is not the id of a requirement."
    if not draft.settings and not draft.files:
        yield "name the settings or the files to change, so that it can be tried."
    if draft.files and not draft.change.strip():
        yield "say in `change` what to change in the files."
    if draft.kind == "reading" and not draft.reading.strip():
        yield "give the requirement's statement with the other choice in `reading`."
