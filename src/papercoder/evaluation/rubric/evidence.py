"""The evidence that a judge reads for one leaf of a rubric."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Self

from bm25s import BM25

from papercoder.agents.context import paper_part
from papercoder.agents.references import words
from papercoder.artifacts import Paper, TaskCategory
from papercoder.errors import ContextError
from papercoder.evaluation.execution import Observations
from papercoder.evaluation.repository_view import Excerpt, Files, excerpt, omitted_note, sizes_of, tree
from papercoder.models.tokens import count_tokens

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
