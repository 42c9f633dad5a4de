"""What a judge is shown of a repository for one leaf of a rubric."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from papercoder.agents.context import paper_part
from papercoder.artifacts import Paper, TaskCategory
from papercoder.errors import ContextError
from papercoder.evaluation.critique.selection import left_out
from papercoder.evaluation.execution import Observed
from papercoder.evaluation.repository_view import Files, Shown, show, sizes_of, tree
from papercoder.evaluation.rubric.relevance import Relevance
from papercoder.models.tokens import count_tokens

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


@dataclass(frozen=True)
class Exhibition:
    """A repository with what was observed of it, shown leaf by leaf beside a paper."""

    paper: Paper
    files: Files
    """Those that may be read."""

    paths: tuple[str, ...]
    """Those of all its files."""

    observed: Observed

    def counted(self) -> Self:
        """Itself, once all tokens are counted; of a large repository that takes seconds, so let a thread do it."""
        _ = self._sizes, self._paper_tokens
        return self

    def unmet(self, category: TaskCategory) -> str:
        """Why a leaf of this category is not met without a judge; empty where one is needed."""
        return self.observed.unmet(category) if self.files else "not met: the repository has no file that could be read"

    def exhibits(self, question: Question, room: int) -> Exhibits:
        """The whole repository where it fits; else what has most to do with the leaf, in what the paper leaves free.

        Args:
            question: the leaf.
            room: tokens for all that is read, the paper included, which is shortened where it leaves less than half.

        Raises:
            ContextError: not even one file fits.
        """
        observed = "" if question.category == "Code Development" else self._told
        room -= _TITLES + count_tokens(self._tree) + count_tokens(observed)
        shown = self._shown(question, max(room - self._paper_tokens, room // 2))
        missing = left_out(shown.unseen) if shown.unseen else ""
        return Exhibits(
            files="\n\n".join(filter(None, [self._tree, shown.text, missing])),
            unseen=shown.unseen,
            lines=self._lines,
            observed=observed,
        )

    def _shown(self, question: Question, room: int) -> Shown:
        """Chosen by relevance, but not shown in its order, so that leaves with the same files share what is cached."""
        if sum(self._sizes.values()) <= room:
            return self._whole
        about = " ".join([*question.above[-1:], question.requirement])
        order = self._relevance.order(about, question.category)
        chosen = show(self.files, self._sizes, room - count_tokens(left_out(order)), order)
        if not chosen.text:
            raise ContextError(
                "The judge's model cannot read even one file of the repository beside the paper. Choose a model with a "
                "larger window: --model judge=PROVIDER:NAME."
            )
        if order[0] in chosen.unseen:
            return chosen
        kept = tuple(file for file in self.files if file.path not in chosen.unseen)
        return Shown(show(kept, self._sizes, sys.maxsize).text, chosen.unseen)

    @cached_property
    def _whole(self) -> Shown:
        return show(self.files, self._sizes, sys.maxsize)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return sizes_of(self.files)

    @cached_property
    def _tree(self) -> str:
        return tree(self.paths)

    @cached_property
    def _told(self) -> str:
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
