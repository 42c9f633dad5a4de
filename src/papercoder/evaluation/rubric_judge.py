"""The rubric judge: the evidence for a leaf, its verdict, and the agreement with people (PaperBench, section 4)."""

import asyncio
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from bm25s import BM25
from pydantic import BaseModel, ConfigDict, ValidationError

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import anchors_in, paper_part, text_part
from papercoder.agents.references import words
from papercoder.artifacts import (
    Agreement,
    Difference,
    LeafJudgement,
    LeafScore,
    Paper,
    Rubric,
    RubricScore,
    TaskCategory,
)
from papercoder.artifacts.base import normalise_path
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError, ArtifactError, ContextError
from papercoder.evaluation.repository_view import (
    OBSERVED_FILES,
    Excerpt,
    Files,
    Observations,
    excerpt,
    omitted_note,
    sizes_of,
    tree,
)
from papercoder.evaluation.rubric import ancestors, rubric_score
from papercoder.models.contract import count_tokens
from papercoder.runs.folder import digest, read_given_text
from papercoder.runs.run import Run

_SATURATION = 1.2
"""k1 of BM25."""

_LENGTH = 0.75
"""b of BM25."""

_NAME = 5
"""Weight of a word in a file's name."""

_DOCUMENTS = frozenset({".md", ".txt", ".json"})


@dataclass(frozen=True)
class Relevance:
    """Orders files by their relevance to a text."""

    files: Files

    @cached_property
    def _index(self) -> BM25 | None:
        """None if no file contains a word."""
        texts = [[*words(file.text), *words(file.path) * _NAME] for file in self.files]
        if not any(texts):
            return None
        index = BM25(k1=_SATURATION, b=_LENGTH, dtype="float64")
        index.index(texts, show_progress=False)
        return index

    def order(self, text: str, category: TaskCategory) -> tuple[str, ...]:
        """Paths, most relevant first; for results documents precede code, otherwise they follow it."""
        query = sorted(set(words(text)))
        scores = self._index.get_scores(query) if self._index and query else [0.0] * len(self.files)
        score = {file.path: float(value) for file, value in zip(self.files, scores, strict=True)}
        is_result = category == "Result Analysis"

        def place(path: str) -> tuple[bool, float, str]:
            return (PurePosixPath(path).suffix in _DOCUMENTS) != is_result, -score[path], path

        return tuple(sorted(score, key=place))


_TITLES = 200
"""Tokens of the headings."""


@dataclass(frozen=True)
class Question:
    """A leaf without its weight, so that a changed weight does not repeat the call."""

    id: str
    category: TaskCategory
    requirement: str
    above: tuple[str, ...]
    """Texts of the nodes above it, from the root down."""


@dataclass(frozen=True)
class Evidence:
    """What a judge reads of a repository."""

    files: str
    omitted: tuple[str, ...]
    """Files that are missing or truncated."""

    lines: Mapping[str, int]
    """Path -> number of lines, for all files that may be read."""

    observed: str
    """Observations of the execution; empty for leaves about code."""


@dataclass(frozen=True)
class EvidenceBuilder:
    """Builds the evidence for each leaf from a repository and the observations of its execution."""

    paper: Paper
    files: Files
    """Files that may be read."""

    paths: tuple[str, ...]
    """Paths of all files."""

    observed: Observations

    def counted(self) -> Self:
        """Count all tokens and return itself; for a large repository this takes seconds, so call it in a thread."""
        _ = self._sizes, self._paper_tokens
        return self

    def unmet(self, category: TaskCategory) -> str:
        """Why a leaf of this category is not met without asking a judge; empty if a judge is needed."""
        return self.observed.unmet(category) if self.files else "not met: the repository has no readable file"

    def evidence(self, question: Question, room: int) -> Evidence:
        """The whole repository if it fits beside the paper, otherwise the files most relevant to the leaf.

        Args:
            question: the leaf.
            room: tokens for everything, including the paper, which is shortened if it leaves less than half.

        Raises:
            ContextError: not even one file fits.
        """
        observed = "" if question.category == "Code Development" else self._observed_text
        room -= _TITLES + count_tokens(self._tree) + count_tokens(observed)
        included = self._excerpt(question, max(room - self._paper_tokens, room // 2))
        missing = omitted_note(included.omitted) if included.omitted else ""
        return Evidence(
            files="\n\n".join(filter(None, [self._tree, included.text, missing])),
            omitted=included.omitted,
            lines=self._lines,
            observed=observed,
        )

    def _excerpt(self, question: Question, room: int) -> Excerpt:
        """Chosen by relevance but in a fixed order, so that leaves with the same files share the provider's cache."""
        if sum(self._sizes.values()) <= room:
            return self._whole
        about = " ".join([*question.above[-1:], question.requirement])
        order = self._relevance.order(about, question.category)
        chosen = excerpt(self.files, self._sizes, room - count_tokens(omitted_note(order)), order)
        if not chosen.text:
            raise ContextError(
                "The context window of the judge's model is too small for the paper and one file of the repository. "
                "Choose a model with a larger window: --model judge=PROVIDER:NAME."
            )
        if order[0] in chosen.omitted:
            return chosen
        kept = tuple(file for file in self.files if file.path not in chosen.omitted)
        return Excerpt(excerpt(kept, self._sizes, sys.maxsize).text, chosen.omitted)

    @cached_property
    def _whole(self) -> Excerpt:
        return excerpt(self.files, self._sizes, sys.maxsize)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return sizes_of(self.files)

    @cached_property
    def _tree(self) -> str:
        return tree(self.paths)

    @cached_property
    def _observed_text(self) -> str:
        return self.observed.render()

    @cached_property
    def _lines(self) -> dict[str, int]:
        return {file.path: len(file.text.splitlines()) for file in self.files}

    @cached_property
    def _relevance(self) -> Relevance:
        return Relevance(self.files)

    @cached_property
    def _paper_tokens(self) -> int:
        return count_tokens(paper_part(self.paper).full)


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


class _Graded(BaseModel):
    """A node of a graded rubric; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    score: float | None = None
    sub_tasks: tuple["_Graded", ...] | None = None

    @property
    def leaves(self) -> Iterator["_Graded"]:
        if not self.sub_tasks:
            yield self
        for part in self.sub_tasks or ():
            yield from part.leaves


def load_labels(path: Path) -> dict[str, bool]:
    """Load labels, leaf id -> met, from a rubric whose leaves have a `score` of 0 or 1.

    Raises:
        ArtifactError: the file does not exist or is not a graded rubric.
    """
    text = read_given_text(path)
    if text is None:
        raise ArtifactError(f"{path} does not exist. Give a graded rubric with --labels.")
    try:
        tree = _Graded.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ArtifactError(f"{path} is not a graded rubric: {where}: {first['msg']}.") from error
    labels = {leaf.id: leaf.score for leaf in tree.leaves if leaf.score is not None}
    if odd := next((leaf for leaf, score in labels.items() if score not in {0, 1}), None):
        raise ArtifactError(f"{path}: the score of leaf {odd} is {labels[odd]:g}; labels are 0 or 1.")
    if not labels:
        raise ArtifactError(f"{path} has no labels: none of its leaves has a score.")
    return {leaf: bool(score) for leaf, score in labels.items()}


def agreement(leaves: tuple[LeafScore, ...], labels: Mapping[str, bool]) -> Agreement:
    """Compare the judge's verdicts with the labels; leaves decided without the judge do not count."""
    judged = {leaf.leaf: leaf.met for leaf in leaves if leaf.judgement}
    pairs = {leaf: (labels[leaf], met) for leaf, met in judged.items() if leaf in labels}
    counts = {pair: list(pairs.values()).count(pair) for pair in _PAIRS}
    both, alone, missed, neither = (counts[pair] for pair in _PAIRS)
    met, unmet = _f1(both, alone, missed), _f1(neither, missed, alone)
    return Agreement(
        leaves=len(pairs),
        both_met=both,
        judge_alone=alone,
        people_alone=missed,
        neither=neither,
        accuracy=_share(both + neither, len(pairs)),
        precision=_share(both, both + alone),
        recall=_share(both, both + missed),
        f1=met,
        macro_f1=None if met is None or unmet is None else (met + unmet) / 2,
        kappa=_kappa(both, alone, missed, neither),
        differences=tuple(
            Difference(leaf=leaf, people=people, judge=judge)
            for leaf, (people, judge) in pairs.items()
            if people != judge
        ),
        unlabelled=tuple(leaf for leaf in judged if leaf not in labels),
        unjudged=tuple(leaf.leaf for leaf in leaves if leaf.invalid),
        unasked=tuple(leaf.leaf for leaf in leaves if not leaf.asked),
    )


_PAIRS = ((True, True), (False, True), (True, False), (False, False))
"""Verdicts of people and of the judge: both met, only the judge, only people, neither."""


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _f1(right: int, too_many: int, missed: int) -> float | None:
    """The harmonic mean of precision and recall; None if the class does not occur."""
    return _share(2 * right, 2 * right + too_many + missed)


def _kappa(both: int, alone: int, missed: int, neither: int) -> float | None:
    """Cohen (1960): agreement beyond chance; None if all verdicts are equal."""
    leaves = both + alone + missed + neither
    if not leaves:
        return None
    met, unmet = (both + alone) * (both + missed), (neither + alone) * (neither + missed)
    chance = (met + unmet) / leaves**2
    return _share((both + neither) / leaves - chance, 1 - chance)
