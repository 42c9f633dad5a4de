"""The rubric judge: one call per leaf, first the evidence, then the verdict (PaperBench, section 4)."""

import asyncio
import re
from collections.abc import Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import anchors_in, paper_part, text_part
from papercoder.artifacts import LeafJudgement, LeafScore, Paper, Rubric, RubricScore
from papercoder.artifacts.base import normalise_path
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError
from papercoder.evaluation.execution import OBSERVED_FILES, Observations
from papercoder.evaluation.repository_view import Files
from papercoder.evaluation.rubric.evidence import Evidence, EvidenceBuilder, Question
from papercoder.evaluation.rubric.rubric import ancestors, rubric_score
from papercoder.runs.run import Run
from papercoder.runs.store import digest

LEAF_JUDGE = Agent("judge_leaf", "judge", Json(LeafJudgement), ("judge_system",))

_CITED = re.compile(r"([\w./-]+\.[A-Za-z]\w*):(\d+)")
_READABLE = 48
"""Characters of a leaf's id in its file name."""


async def judge_rubric(
    run: Run[Agents],
    paper: Paper,
    rubric: Rubric,
    repository: Files,
    paths: tuple[str, ...],
    observed: Observations,
    folder: str = "rubric",
) -> RubricScore:
    """Judge all leaves concurrently, after the first one, so that they use the provider's cache.

    Args:
        run: stores each judgement, which users may edit, as `rubric/leaves/*.json`.
        paper: the paper to compare with.
        rubric: the tree of requirements.
        repository: the files that a judge may read.
        paths: all files of the repository.
        observed: observations of its execution.
        folder: in the run folder; a different one for each judged repository.

    Raises:
        ModelError: a model cannot be reached, or its context window is too small for one file.
        CostCapReached: the next call might exceed the cap.
    """
    builder = await asyncio.to_thread(EvidenceBuilder(paper, repository, paths, observed).counted)
    questions = [_question(rubric, leaf) for leaf in rubric.leaves]
    first = next((question for question in questions if not builder.unmet(question.category)), None)
    ahead = [await _score(run, builder, first, folder)] if first else []
    others = await gather_all(_score(run, builder, question, folder) for question in questions if question != first)
    by_id = {score.leaf: score for score in (*ahead, *others)}
    await run.prune(f"{folder}/leaves", {leaf_name(score.leaf) for score in by_id.values() if score.judgement})
    return rubric_score(rubric, tuple(by_id[question.id] for question in questions))


@uses(LEAF_JUDGE)
async def judge_leaf(agents: Agents, paper: Paper, question: Question, evidence: Evidence) -> LeafJudgement:
    """Judge one leaf; the parts that all leaves share come first."""

    def check(judgement: LeafJudgement, attempt: int) -> list[str]:
        return list(_complaints(judgement, question, evidence)) if attempt == 0 else []

    parts = (paper_part(paper, anchors_in(question.requirement)), text_part("The repository to judge", evidence.files))
    observed = (text_part("Observations of its execution", evidence.observed),) if evidence.observed else ()
    return await agents.ask(
        LEAF_JUDGE,
        question.id,
        (*parts, *observed),
        check,
        category=question.category,
        requirement=question.requirement,
        above=question.above,
    )


def leaf_name(leaf_id: str) -> str:
    """The file name of a leaf's judgement: safe and unique for any id."""
    readable = re.sub(r"[^a-z0-9]+", "-", leaf_id.lower())[:_READABLE].strip("-")
    return f"{readable}-{digest(leaf_id)[:12]}.json".lstrip("-")


async def _score(run: Run[Agents], builder: EvidenceBuilder, question: Question, folder: str) -> LeafScore:
    if reason := builder.unmet(question.category):
        return LeafScore(leaf=question.id, met=False, reason=reason)
    room = run.context.available_tokens(
        LEAF_JUDGE, category=question.category, requirement=question.requirement, above=question.above
    )
    evidence = builder.evidence(question, room)
    artifact = f"{folder}/leaves/{leaf_name(question.id)}"
    try:
        judgement = await run.step(artifact, judge_leaf, builder.paper, question, evidence)
    except AnswerError as error:
        return LeafScore(leaf=question.id, met=False, invalid=True, reason=str(error), unseen=evidence.omitted)
    return LeafScore(leaf=question.id, met=judgement.met, judgement=judgement, unseen=evidence.omitted)


def _question(rubric: Rubric, leaf: Rubric) -> Question:
    above = tuple(node.requirements for node in ancestors(rubric, leaf.id))
    return Question(leaf.id, leaf.task_category or "Code Development", leaf.requirements, above)


def _complaints(judgement: LeafJudgement, question: Question, evidence: Evidence) -> Iterator[str]:
    """Cited lines that do not exist, and a positive verdict about code that cites no line."""
    cited = [(normalise_path(path), int(line)) for path, line in _CITED.findall(judgement.found)]
    printed = OBSERVED_FILES if evidence.observed else frozenset()
    for path, line in cited:
        if path in printed:
            continue
        if path not in evidence.lines:
            yield f"There is no file `{path}`. Use a path from the list of files."
        elif not 1 <= line <= evidence.lines[path]:
            yield f"`{path}` has no line {line}; it has {evidence.lines[path]} lines."
    if judgement.met and question.category == "Code Development" and not cited:
        yield "`met` is true, but `found` cites no code. Cite the lines that show it, as `path:line`."
