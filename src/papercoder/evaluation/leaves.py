"""The rubric judge: leaf by leaf, the evidence first, then whether it is met (PaperBench, section 4)."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from papercoder.agent import Agent, Ask, uses
from papercoder.answers import Json
from papercoder.artifacts import LeafJudgement, LeafScore, Paper, Rubric, RubricScore, TaskCategory
from papercoder.context import anchors_in, paper_part, text_part
from papercoder.errors import AnswerError, ContextError
from papercoder.evaluation.observed import OBSERVED_FILES, Observed
from papercoder.evaluation.relevance import Relevance
from papercoder.evaluation.rubrics import ancestors, rubric_score
from papercoder.evaluation.selection import left_out
from papercoder.evaluation.shown import Files, Shown, show, tree
from papercoder.run import Run
from papercoder.store import digest
from papercoder.together import together
from papercoder.tokens import count_tokens

LEAF_JUDGE = Agent("judge_leaf", "judge", Json(LeafJudgement), system="judge_system")

_CITED = re.compile(r"([\w./-]+\.[A-Za-z]\w*):(\d+)")
_READABLE = 48
"""Characters of a leaf's id in the name of its file."""

_TITLES = 200
"""Tokens of the headings around what is shown."""


@dataclass(frozen=True)
class Question:
    """A leaf as it is asked for; its weight is not part of it, so that weighing anew costs nothing."""

    id: str
    category: TaskCategory
    requirement: str
    above: tuple[str, ...]
    """What the nodes above it say, from the root down."""


@dataclass(frozen=True)
class Exhibits:
    """What a judge is given of a repository."""

    files: str
    unseen: tuple[str, ...]
    """Files that it is not given."""

    lines: Mapping[str, int]
    """Path -> lines, of all files of the repository."""

    observed: str
    """What executing the repository showed; empty where the question is of code alone."""


async def judge_rubric(
    run: Run[Ask],
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
        repository: the files that may be read.
        paths: those of all files of the repository.
        observed: what executing it showed.
        folder: below the run's; one for each repository that is judged in this run.

    Raises:
        ModelError: a model could not be reached, or its window is too small for even one file.
        CostCapReached: the next call might exceed the cap.
    """
    case = _Case(run, paper, repository, paths, observed, folder)
    questions = [_question(rubric, leaf) for leaf in rubric.leaves]
    first = next((question for question in questions if not case.unmet(question)), None)
    opened = [await case.score(first)] if first else []
    scores = await together(case.score(question) for question in questions if question is not first)
    by_id = {score.leaf: score for score in (*opened, *scores)}
    await run.prune(f"{folder}/leaves", {leaf_name(score.leaf) for score in by_id.values() if score.judgement})
    return rubric_score(rubric, tuple(by_id[question.id] for question in questions))


@uses(LEAF_JUDGE)
async def judge_leaf(ask: Ask, paper: Paper, question: Question, exhibits: Exhibits) -> LeafJudgement:
    """Judge one leaf; what all leaves read comes first and the question last."""

    def check(judgement: LeafJudgement, attempt: int) -> list[str]:
        return list(_complaints(judgement, question, exhibits)) if attempt == 0 else []

    parts = (paper_part(paper, anchors_in(question.requirement)), text_part("The repository to judge", exhibits.files))
    seen = (text_part("What was observed when it was executed", exhibits.observed),) if exhibits.observed else ()
    return await ask(LEAF_JUDGE, question.id, (*parts, *seen), check, **_variables(question))


def leaf_name(leaf_id: str) -> str:
    """The name of the file of a leaf's judgement; ids may be anything, names are safe and distinct."""
    readable = re.sub(r"[^a-z0-9]+", "-", leaf_id.lower())[:_READABLE].strip("-")
    return f"{readable}-{digest(leaf_id)[:12]}.json".lstrip("-")


@dataclass(frozen=True)
class _Case:
    """One repository before one judge."""

    run: Run[Ask]
    paper: Paper
    repository: Files
    paths: tuple[str, ...]
    observed: Observed
    folder: str

    async def score(self, question: Question) -> LeafScore:
        """What becomes of a leaf."""
        if reason := self.unmet(question):
            return LeafScore(leaf=question.id, met=False, reason=reason)
        exhibits = self._exhibits(question)
        try:
            artifact = f"{self.folder}/leaves/{leaf_name(question.id)}"
            judgement = await self.run.step(artifact, judge_leaf, self.paper, question, exhibits)
        except AnswerError as error:
            return LeafScore(leaf=question.id, met=False, invalid=True, reason=str(error), unseen=exhibits.unseen)
        return LeafScore(leaf=question.id, met=judgement.met, judgement=judgement, unseen=exhibits.unseen)

    def unmet(self, question: Question) -> str:
        """Why a leaf is not met without a judge; empty where one is needed."""
        if not self.repository:
            return "not met: the repository has no file that could be read"
        return self.observed.unmet(question.category)

    def _exhibits(self, question: Question) -> Exhibits:
        """The whole repository where it fits; else what has most to do with the leaf, in what the paper leaves free."""
        listed = tree(self.paths)
        observed = "" if question.category == "Code Development" else self._observed
        room = self.run.hand.room(LEAF_JUDGE, **_variables(question)) - _TITLES
        room -= count_tokens(listed) + count_tokens(observed)
        shown = self._shown(question, max(room - self._paper_tokens, room // 2))
        return Exhibits(
            files="\n\n".join(filter(None, [listed, shown.text, left_out(shown.unseen) if shown.unseen else ""])),
            unseen=shown.unseen,
            lines=self._lines,
            observed=observed,
        )

    def _shown(self, question: Question, room: int) -> Shown:
        """Chosen by relevance, but not shown in its order, so that leaves with the same files share what is cached."""
        if count_tokens(self._whole.text) <= room:
            return self._whole
        about = " ".join([*question.above[-1:], question.requirement])
        order = self._relevance.order(about, question.category)
        chosen = show(self.repository, room - count_tokens(left_out(order)), order)
        if not chosen.text:
            raise ContextError(
                f"{self.run.hand.models['judge'].name} cannot read even one file of the repository beside the paper. "
                "Choose a model with a larger window: --model judge=PROVIDER:NAME."
            )
        if order[0] in chosen.unseen:
            return chosen
        kept = tuple(file for file in self.repository if file.path not in chosen.unseen)
        return Shown(show(kept, sys.maxsize).text, chosen.unseen)

    @cached_property
    def _whole(self) -> Shown:
        return show(self.repository, sys.maxsize)

    @cached_property
    def _lines(self) -> dict[str, int]:
        return {file.path: len(file.text.splitlines()) for file in self.repository}

    @cached_property
    def _relevance(self) -> Relevance:
        return Relevance(self.repository)

    @cached_property
    def _observed(self) -> str:
        return self.observed.render()

    @cached_property
    def _paper_tokens(self) -> int:
        return count_tokens(paper_part(self.paper).full)


def _question(rubric: Rubric, leaf: Rubric) -> Question:
    above = tuple(node.requirements for node in ancestors(rubric, leaf.id))
    return Question(leaf.id, leaf.task_category or "Code Development", leaf.requirements, above)


def _variables(question: Question) -> dict[str, object]:
    return {"category": question.category, "requirement": question.requirement, "above": question.above}


def _complaints(judgement: LeafJudgement, question: Question, exhibits: Exhibits) -> Iterator[str]:
    """Lines that are not there, and code that is said to be there without a line of it."""
    cited = [(path, int(line)) for path, line in _CITED.findall(judgement.found)]
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
