"""Drafting a rubric for a paper that has none: its leaves are what the paper requires and claims."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.agents.listings import claim_lines, requirement_lines
from papercoder.artifacts import (
    Claim,
    Claims,
    Paper,
    Requirement,
    RequirementKind,
    Requirements,
    Rubric,
    RubricGroup,
    RubricGroups,
    TaskCategory,
)
from papercoder.errors import PaperError
from papercoder.evaluation.rubric.rubric import load_rubric
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import open_run, read_paper, record_end, run_started
from papercoder.pipeline.pipeline import extract
from papercoder.report.claims import TOLERANCE, printed
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import Emit
from papercoder.runs.folder import load, lock
from papercoder.runs.run import Run
from papercoder.settings import Settings

GROUPER = Agent("rubric", "planning", Json(RubricGroups))

_JUDGED_AS: dict[RequirementKind, tuple[TaskCategory, str]] = {
    "data": ("Code Development", "Data Processing & Preparation"),
    "method": ("Code Development", "Method Implementation"),
    "training": ("Code Development", "Experimental Setup"),
    "evaluation": ("Code Development", "Evaluation, Metrics & Benchmarking"),
    "experiment": ("Code Execution", "Experimental Setup"),
}
"""Kind of a requirement -> PaperBench's category and finer category of its leaf."""


async def draft_rubric(
    source: str | Path,
    folder: Path,
    settings: Settings,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
    planned: Path | None = None,
) -> Rubric:
    """Draft a rubric and keep it as `folder/rubric.json`; where that was edited, the edit is returned.

    Args:
        source: the paper.
        folder: where the work is kept, so that doing it again pays for nothing twice.
        settings: model, cap.
        listeners: are told every event.
        environment: None: this machine, with nothing shared.
        planned: a run whose requirements and claims are taken as they are; None: they are extracted.

    Raises:
        PaperError: the paper cannot be read, or asks for nothing.
        RunFolderError: a folder cannot be used, `planned` is not planned yet, or an edited `rubric.json` is no rubric.
        ModelError: no answer was fit.
        CostCapReached: the next call might exceed the cap.
    """
    with lock(folder):
        emit = EventLog(folder, *listeners)
        run, _ = open_run(folder, settings, emit, environment, roles=("planning",))
        emit(run_started(run.context, str(source), settings))
        with record_end(emit) as end:
            rubric = await _drafted(run, source, settings.refine, planned)
            end.reason = ""
        return rubric


async def _drafted(run: Run[Agents], source: str | Path, refine: int, planned: Path | None) -> Rubric:
    paper = await read_paper(run, source)
    requirements, claims = _taken(planned) if planned else (await extract(run, paper, refine))[1:]
    if not requirements.items and not claims.items:
        raise PaperError(f"{source} has no requirement and no result of its own, so there is nothing to judge by.")
    groups = await run.step("rubric/groups.json", group, paper, requirements, claims)
    await run.write_text("rubric.json", to_json(assemble(paper, requirements, claims, groups)))
    return load_rubric(run.folder / "rubric.json")


def _taken(run: Path) -> tuple[Requirements, Claims]:
    return load(run, "planning/requirements.json", Requirements), load(run, "planning/claims.json", Claims)


@uses(GROUPER)
async def group(agents: Agents, paper: Paper, requirements: Requirements, claims: Claims) -> RubricGroups:
    """Group and weigh what the paper requires and, table by table, what it claims."""
    ids = [*(item.id for item in requirements.items), *by_anchor(claims)]
    parts = (
        paper_part(paper, by_anchor(claims)),
        text_part("The requirements", requirement_lines(requirements.items) or "None."),
        _results(claims),
    )
    return await agents.ask(GROUPER, "", parts, lambda groups, _: list(complaints(groups, ids)))


def complaints(groups: RubricGroups, ids: Iterable[str]) -> Iterator[str]:
    """Ids that do not stand in exactly one group, and groups of nothing."""
    wanted = set(ids)
    given = Counter(item.id for group in groups.groups for item in group.items)
    yield from (f"{name} stands in no group." for name in sorted(wanted - given.keys()))
    yield from (f"{name} stands {count} times; once is right." for name, count in given.items() if count > 1)
    yield from (f"{name} is not in the lists." for name in given if name not in wanted)
    yield from (f"The group {group.requirement!r} has no items." for group in groups.groups if not group.items)


def by_anchor(claims: Claims) -> dict[str, tuple[Claim, ...]]:
    """Anchor of a table or paragraph -> the claims that it makes, in the paper's order."""
    anchors = dict.fromkeys(claim.anchor for claim in claims.items)
    return {anchor: tuple(claim for claim in claims.items if claim.anchor == anchor) for anchor in anchors}


def _results(claims: Claims) -> Part:
    places = [f"- {anchor} ({len(made)} results):\n{claim_lines(made)}" for anchor, made in by_anchor(claims).items()]
    short = [f"- {anchor} ({len(made)} results)" for anchor, made in by_anchor(claims).items()]
    return text_part("The results, by what reports them", *map(_listed, (places, short)))


def _listed(lines: list[str]) -> str:
    return "\n".join(lines) or "None."


def assemble(paper: Paper, requirements: Requirements, claims: Claims, groups: RubricGroups) -> Rubric:
    """The tree in PaperBench's form, with the paper's anchors in its texts."""
    needs = {item.id: item for item in requirements.items}
    results = by_anchor(claims)

    def node(name: str, weight: int) -> Rubric:
        return _needed(needs[name], weight) if name in needs else _reported(name, results[name], weight)

    def part(number: int, group: RubricGroup) -> Rubric:
        parts = tuple(node(item.id, item.weight) for item in group.items)
        return Rubric(id=f"group-{number}", requirements=group.requirement, weight=group.weight, sub_tasks=parts)

    return Rubric(
        id="root",
        requirements=f"The paper '{paper.title}' has been reproduced.",
        weight=1,
        sub_tasks=tuple(part(number, group) for number, group in enumerate(groups.groups, 1)),
    )


def _needed(item: Requirement, weight: int) -> Rubric:
    category, finer = _JUDGED_AS[item.kind]
    quote = f' "{item.quote}"' if item.quote else ""
    choice = " The paper leaves this open: another choice that fits it is as good." if item.status == "assumed" else ""
    return Rubric(
        id=item.id,
        requirements=f"{item.statement} [{item.anchor}]{quote}{choice}",
        weight=weight,
        task_category=category,
        finegrained_task_category=finer,
    )


def _reported(anchor: str, claims: tuple[Claim, ...], weight: int) -> Rubric:
    return Rubric(
        id=f"results-{anchor}",
        requirements=f"The results that [{anchor}] reports are reproduced.",
        weight=weight,
        sub_tasks=tuple(map(_claimed, claims)),
    )


def _claimed(claim: Claim) -> Rubric:
    spread = f" ± {claim.spread:g}" if claim.spread is not None else ""
    return Rubric(
        id=claim.id,
        requirements=(
            f"{claim.experiment}; {claim.method}; {claim.dataset}: the measured {claim.metric} agrees with the "
            f"{printed(claim)}{spread} that [{claim.anchor}] reports, to within {TOLERANCE.of(claim):g}."
        ),
        weight=1,
        task_category="Result Analysis",
        finegrained_task_category="Evaluation, Metrics & Benchmarking",
    )


def to_json(rubric: Rubric) -> str:
    """The file of a rubric, as PaperBench's own tools read it too."""
    return rubric.model_dump_json(indent=2) + "\n"
