"""Rubrics: drafted for a paper, loaded, pruned and scored (PaperBench, sections 2 and 3)."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.agents.listings import claim_lines, requirement_lines
from papercoder.artifacts import (
    Claim,
    Claims,
    LeafScore,
    Paper,
    Requirement,
    RequirementKind,
    Requirements,
    Rubric,
    RubricGroup,
    RubricGroups,
    RubricScore,
    TaskCategory,
)
from papercoder.claims.verdicts import allowed_difference
from papercoder.errors import ArtifactError, PaperError
from papercoder.operations.generate import RunEnvironment, open_run, read_paper, record_end, run_started
from papercoder.pipeline.pipeline import extract
from papercoder.report.formatting import reported
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import Emit
from papercoder.runs.folder import load, lock, read_given_text
from papercoder.runs.run import Run
from papercoder.settings import Settings

DEEPEST = 100
"""Maximum number of levels in a rubric."""


def load_rubric(path: Path) -> Rubric:
    """Load a rubric; fields that are not PaperBench's are ignored.

    Raises:
        ArtifactError: the file does not exist or is not a valid rubric; the message names the node.
    """
    text = read_given_text(path)
    if text is None:
        raise ArtifactError(f"{path} does not exist. To draft a rubric: papercoder rubric PAPER -o {path}")
    tree = _tree(path, text)
    try:
        rubric = Rubric.model_validate(tree)
    except ValidationError as error:
        raise ArtifactError(f"{path} is not a valid rubric: {_complaint(error, tree)}.") from error
    if repeated := _repeated(rubric):
        raise ArtifactError(f"{path}: several nodes have the id {repeated!r}. Give each node a unique id.")
    return rubric


def _tree(path: Path, text: str) -> object:
    try:
        return _known(json.loads(text))
    except json.JSONDecodeError as error:
        raise ArtifactError(
            f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except RecursionError as error:
        raise ArtifactError(f"{path} is not a valid rubric: it has more than {DEEPEST} levels.") from error
    except ValueError as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {error}.") from error


def _known(node: object, depth: int = 1) -> object:
    """A tree with PaperBench's fields only, and with empty lists instead of null."""
    if depth > DEEPEST:
        raise RecursionError
    if not isinstance(node, dict):
        return node
    fields = {name: value for name, value in node.items() if name in Rubric.model_fields}
    parts = fields.get("sub_tasks") or []
    return {**fields, "sub_tasks": [_known(part, depth + 1) for part in parts] if isinstance(parts, list) else parts}


def _complaint(error: ValidationError, tree: object) -> str:
    """The first error, with the ids of the nodes from the root to its place."""
    first = error.errors()[0]
    names, node, place = [_name(tree, "the root")], tree, first["loc"]
    for part in place:
        if isinstance(part, int) and isinstance(node, dict):
            node = node["sub_tasks"][part]
            names.append(_name(node, f"node {part + 1}"))
    field = next((f"{part}: " for part in place if part != "sub_tasks" and isinstance(part, str)), "")
    return f"{' > '.join(names)}: {field}{first['msg'].removeprefix('Value error, ')}"


def _name(node: object, otherwise: str) -> str:
    return str(node["id"]) if isinstance(node, dict) and node.get("id") else otherwise


def _repeated(rubric: Rubric) -> str | None:
    counts = Counter(node.id for node in rubric.nodes)
    return next((name for name, count in counts.items() if count > 1), None)


def code_dev(rubric: Rubric) -> Rubric | None:
    """The rubric with its Code Development leaves only (PaperBench Code-Dev); None if it has none."""
    return only(rubric, lambda leaf: leaf.task_category == "Code Development")


def only(rubric: Rubric, keep: Callable[[Rubric], bool]) -> Rubric | None:
    """The rubric with the leaves for which `keep` is true; None if there are none."""
    if not rubric.sub_tasks:
        return rubric if keep(rubric) else None
    parts = tuple(kept for part in rubric.sub_tasks if (kept := only(part, keep)))
    return rubric.model_copy(update={"sub_tasks": parts}) if parts else None


def weighted(rubric: Rubric, met: Mapping[str, float]) -> float:
    """The score of the tree, 0 to 1: at each node the weighted mean of its parts.

    Args:
        rubric: the tree.
        met: id of a leaf -> 0 to 1. A missing leaf counts 0, as does a node whose parts all have weight 0.
    """
    if not rubric.sub_tasks:
        return met.get(rubric.id, 0.0)
    total = sum(part.weight for part in rubric.sub_tasks)
    if total == 0:
        return 0.0
    return sum(part.weight * weighted(part, met) for part in rubric.sub_tasks) / total


def ancestors(rubric: Rubric, leaf_id: str) -> tuple[Rubric, ...]:
    """The nodes above a leaf, from the root down; empty if the leaf is the root or not in the tree."""
    for part in rubric.sub_tasks:
        if part.id == leaf_id:
            return (rubric,)
        if above := ancestors(part, leaf_id):
            return (rubric, *above)
    return ()


def rubric_score(rubric: Rubric, leaves: tuple[LeafScore, ...]) -> RubricScore:
    """The leaves with their score in the whole tree and in the code leaves."""
    met = {leaf.leaf: float(leaf.met) for leaf in leaves}
    code = code_dev(rubric)
    return RubricScore(
        score=weighted(rubric, met), code_dev=weighted(code, met) if code is not None else None, leaves=leaves
    )


GROUPER = Agent("rubric", "planning", Json(RubricGroups), NO_CONVENTIONS)

_JUDGED_AS: dict[RequirementKind, tuple[TaskCategory, str]] = {
    "data": ("Code Development", "Data Processing & Preparation"),
    "method": ("Code Development", "Method Implementation"),
    "training": ("Code Development", "Experimental Setup"),
    "evaluation": ("Code Development", "Evaluation, Metrics & Benchmarking"),
    "experiment": ("Code Execution", "Experimental Setup"),
}
"""Kind of a requirement -> PaperBench's category and fine-grained category of its leaf."""


async def draft_rubric(
    source: str | Path,
    folder: Path,
    settings: Settings,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
    planned: Path | None = None,
) -> Rubric:
    """Draft a rubric as `folder/rubric.json`, or return the user's edited one.

    Args:
        source: the paper.
        folder: keeps all answers, so that running it again repeats no call.
        settings: model and cost cap.
        listeners: receive every event.
        environment: where the models run; None: this machine, without shared limits.
        planned: a run whose requirements and claims are used; None: extract them.

    Raises:
        PaperError: the paper cannot be read, or has neither requirements nor claims.
        RunFolderError: a folder cannot be used, or `planned` has no requirements yet.
        ArtifactError: the edited `rubric.json` is invalid.
        ModelError: no valid answer.
        CostCapReached: the next call might exceed the cap.
    """
    with lock(folder):
        emit = EventLog(folder, *listeners)
        run, _ = open_run(folder, settings, emit, environment, roles=("planning", "review"))
        emit(run_started(run.context, str(source), settings))
        with record_end(emit) as end:
            rubric = await _draft(run, source, settings.refine, planned)
            end.reason = ""
        return rubric


async def _draft(run: Run[Agents], source: str | Path, refine: int, planned: Path | None) -> Rubric:
    paper = await read_paper(run, source)
    requirements, claims = _planned(planned) if planned else (await extract(run, paper, refine))[1:]
    if not requirements.items and not claims.items:
        raise PaperError(f"{source} has neither requirements nor results, so a rubric cannot be drafted.")
    groups = await run.step("rubric/groups.json", group, paper, requirements, claims)
    await run.write_text("rubric.json", to_json(assemble(paper, requirements, claims, groups)))
    return load_rubric(run.folder / "rubric.json")


def _planned(run: Path) -> tuple[Requirements, Claims]:
    return load(run, "planning/requirements.json", Requirements), load(run, "planning/claims.json", Claims)


@uses(GROUPER)
async def group(agents: Agents, paper: Paper, requirements: Requirements, claims: Claims) -> RubricGroups:
    """Group and weight the requirements and, by table, the claims."""
    ids = [*(item.id for item in requirements.items), *by_anchor(claims)]
    parts = (
        paper_part(paper, by_anchor(claims)),
        text_part("The requirements", requirement_lines(requirements.items, quoted=False) or "None."),
        _results(claims),
    )
    return await agents.ask(GROUPER, "", parts, lambda groups, _: list(complaints(groups, ids)))


def complaints(groups: RubricGroups, ids: Iterable[str]) -> Iterator[str]:
    """Ids that are not in exactly one group, and empty groups."""
    wanted = set(ids)
    given = Counter(item.id for group in groups.groups for item in group.items)
    yield from (f"{name} is in no group." for name in sorted(wanted - given.keys()))
    yield from (f"{name} is in {count} groups; put it into exactly one." for name, count in given.items() if count > 1)
    yield from (f"{name} is not in the lists." for name in given if name not in wanted)
    yield from (f"The group {group.requirement!r} has no items." for group in groups.groups if not group.items)


def by_anchor(claims: Claims) -> dict[str, tuple[Claim, ...]]:
    """Anchor of a table or paragraph -> its claims, in the paper's order."""
    anchors = dict.fromkeys(claim.anchor for claim in claims.items)
    return {anchor: tuple(claim for claim in claims.items if claim.anchor == anchor) for anchor in anchors}


def _results(claims: Claims) -> Part:
    titles = {anchor: f"- {anchor} ({len(made)} results)" for anchor, made in by_anchor(claims).items()}
    full = [f"{titles[anchor]}:\n{claim_lines(made)}" for anchor, made in by_anchor(claims).items()]
    forms = ("\n".join(lines) or "None." for lines in (full, titles.values()))
    return text_part("The results, by table or paragraph", *forms)


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
    choice = (
        " The paper does not specify this; any consistent choice is equally good." if item.status == "assumed" else ""
    )
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
    allowed = allowed_difference(claim)
    within = f", to within {allowed:g}" if allowed else ""
    return Rubric(
        id=claim.id,
        requirements=(
            f"{claim.experiment}; {claim.method}; {claim.dataset}: the measured {_metric(claim)} agrees with the "
            f"{reported(claim)}{spread} that [{claim.anchor}] reports{within}."
        ),
        weight=1,
        task_category="Result Analysis",
        finegrained_task_category="Evaluation, Metrics & Benchmarking",
    )


def _metric(claim: Claim) -> str:
    statistic = "" if claim.statistic == "mean" else f"{claim.statistic} of the "
    other = f", compared with {claim.compared_with}," if claim.compared_with else ""
    return f"{statistic}{claim.metric}{other}"


def to_json(rubric: Rubric) -> str:
    """The rubric as a file that PaperBench's tools can read."""
    return rubric.model_dump_json(indent=2) + "\n"
