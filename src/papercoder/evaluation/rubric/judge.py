"""The rubric judge: leaf by leaf, the evidence first, then whether it is met (PaperBench, section 4)."""

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
from papercoder.evaluation.execution import OBSERVED_FILES, Observed
from papercoder.evaluation.repository_view import Files
from papercoder.evaluation.rubric.evidence import Exhibition, Exhibits, Question
from papercoder.evaluation.rubric.rubric import ancestors, rubric_score
from papercoder.runs.run import Run
from papercoder.runs.store import digest

LEAF_JUDGE = Agent("judge_leaf", "judge", Json(LeafJudgement), system="judge_system")

_CITED = re.compile(r"([\w./-]+\.[A-Za-z]\w*):(\d+)")
_READABLE = 48
"""Characters of a leaf's id in the name of its file."""


async def judge_rubric(
    run: Run[Agents],
    paper: Paper,
    rubric: Rubric,
    repository: Files,
    paths: tuple[str, ...],
    observed: Observed,
    folder: str = "rubric",
) -> RubricScore:
    """Judge all leaves at once, but for the first one asked: what they all read is then in the provider's cache.

    Args:
        run: keeps each leaf's judgement, which may be edited, as `rubric/leaves/*.json`.
        paper: the measure.
        rubric: the tree.
        repository: its files that may be read.
        paths: those of all its files.
        observed: what executing it showed.
        folder: below the run's; one for each repository that is judged in this run.

    Raises:
        ModelError: a model could not be reached, or its window is too small for even one file.
        CostCapReached: the next call might exceed the cap.
    """
    exhibition = await asyncio.to_thread(Exhibition(paper, repository, paths, observed).counted)
    questions = [_question(rubric, leaf) for leaf in rubric.leaves]
    first = next((question for question in questions if not exhibition.unmet(question.category)), None)
    ahead = [await _score(run, exhibition, first, folder)] if first else []
    others = await gather_all(_score(run, exhibition, question, folder) for question in questions if question != first)
    by_id = {score.leaf: score for score in (*ahead, *others)}
    await run.prune(f"{folder}/leaves", {leaf_name(score.leaf) for score in by_id.values() if score.judgement})
    return rubric_score(rubric, tuple(by_id[question.id] for question in questions))


@uses(LEAF_JUDGE)
async def judge_leaf(agents: Agents, paper: Paper, question: Question, exhibits: Exhibits) -> LeafJudgement:
    """Judge one leaf; what all leaves read comes first and the question last."""

    def check(judgement: LeafJudgement, attempt: int) -> list[str]:
        return list(_complaints(judgement, question, exhibits)) if attempt == 0 else []

    parts = (paper_part(paper, anchors_in(question.requirement)), text_part("The repository to judge", exhibits.files))
    seen = (text_part("What was observed when it was executed", exhibits.observed),) if exhibits.observed else ()
    return await agents.ask(
        LEAF_JUDGE,
        question.id,
        (*parts, *seen),
        check,
        category=question.category,
        requirement=question.requirement,
        above=question.above,
    )


def leaf_name(leaf_id: str) -> str:
    """The name of the file of a leaf's judgement; ids may be anything, names are safe and distinct."""
    readable = re.sub(r"[^a-z0-9]+", "-", leaf_id.lower())[:_READABLE].strip("-")
    return f"{readable}-{digest(leaf_id)[:12]}.json".lstrip("-")


async def _score(run: Run[Agents], exhibition: Exhibition, question: Question, folder: str) -> LeafScore:
    """What becomes of a leaf."""
    if reason := exhibition.unmet(question.category):
        return LeafScore(leaf=question.id, met=False, reason=reason)
    room = run.context.available_tokens(
        LEAF_JUDGE, category=question.category, requirement=question.requirement, above=question.above
    )
    exhibits = exhibition.exhibits(question, room)
    artifact = f"{folder}/leaves/{leaf_name(question.id)}"
    try:
        judgement = await run.step(artifact, judge_leaf, exhibition.paper, question, exhibits)
    except AnswerError as error:
        return LeafScore(leaf=question.id, met=False, invalid=True, reason=str(error), unseen=exhibits.unseen)
    return LeafScore(leaf=question.id, met=judgement.met, judgement=judgement, unseen=exhibits.unseen)


def _question(rubric: Rubric, leaf: Rubric) -> Question:
    above = tuple(node.requirements for node in ancestors(rubric, leaf.id))
    return Question(leaf.id, leaf.task_category or "Code Development", leaf.requirements, above)


def _complaints(judgement: LeafJudgement, question: Question, exhibits: Exhibits) -> Iterator[str]:
    """Lines that are not there, and code that is said to be there without a line of it."""
    cited = [(normalise_path(path), int(line)) for path, line in _CITED.findall(judgement.found)]
    printed = OBSERVED_FILES if exhibits.observed else frozenset()
    for path, line in cited:
        if path in printed:
            continue
        if path not in exhibits.lines:
            yield f"There is no file `{path}`; name files as they are listed."
        elif not 1 <= line <= exhibits.lines[path]:
            yield f"`{path}` has no line {line}; it has {exhibits.lines[path]}."
    if judgement.met and question.category == "Code Development" and not cited:
        yield "It is said to be met; name the lines that show it, as `path:line`, in `found`."
