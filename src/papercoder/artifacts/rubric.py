"""A rubric in the form of PaperBench (arXiv 2504.01848): a weighted tree whose leaves are met or not."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from papercoder.artifacts.base import Artifact

TaskCategory = Literal["Code Development", "Code Execution", "Result Analysis"]


class Rubric(Artifact):
    """A node of the tree: a leaf to judge, or a group with its sub-tasks."""

    id: str
    requirements: str
    """What must be true."""

    weight: int | Annotated[float, Field(allow_inf_nan=False)] = Field(ge=0)
    """Compared with its siblings."""

    sub_tasks: tuple["Rubric", ...] = ()
    task_category: TaskCategory | None = None
    """Only for leaves."""

    finegrained_task_category: str | None = None

    @model_validator(mode="after")
    def _leaves_have_a_category(self) -> Self:
        if bool(self.sub_tasks) == bool(self.task_category):
            raise ValueError(f"{self.id}: a leaf needs a task_category, and a node with sub_tasks has none")
        return self

    @property
    def nodes(self) -> Iterator["Rubric"]:
        """This node and all below it, each before its sub-tasks."""
        yield self
        for part in self.sub_tasks:
            yield from part.nodes

    @property
    def leaves(self) -> Iterator["Rubric"]:
        """The leaves, in order."""
        return (node for node in self.nodes if not node.sub_tasks)


class LeafJudgement(Artifact):
    """A judge's answer on one leaf."""

    expected: str
    """What must be seen in the repository, or in its output, for the requirement to be met."""

    found: str
    """What is there, with path and line."""

    met: bool
    """True only if all of it is met."""


class LeafScore(Artifact):
    """A leaf and its judgement."""

    leaf: str
    """Its id."""

    met: bool
    judgement: LeafJudgement | None = None
    """None if it was decided without a judge, or no answer was valid."""

    reason: str = ""
    """Why there is no judgement; empty if there is one."""

    invalid: bool = False
    """Whether the judge gave no valid answer; the leaf then counts as not met."""

    unseen: tuple[str, ...] = ()
    """Files that the judge did not see for this leaf."""

    @property
    def asked(self) -> bool:
        """Whether a judge was asked about it."""
        return self.judgement is not None or self.invalid


class RubricScore(Artifact):
    """The score of a rubric and its leaves."""

    score: float
    """0 to 1, weighted by the tree."""

    code_dev: float | None
    """The score over the leaves of Code Development only; None if there are none."""

    leaves: tuple[LeafScore, ...]

    @property
    def invalid(self) -> tuple[LeafScore, ...]:
        """Leaves without a valid answer."""
        return tuple(leaf for leaf in self.leaves if leaf.invalid)


class WeighedItem(Artifact):
    """A leaf, or the results of a table, in a group."""

    id: str
    """A requirement's id, or the anchor of the table or paragraph whose results these are."""

    weight: int = Field(ge=1, le=10)
    """Compared with the other items of the group."""


class RubricGroup(Artifact):
    """Items that belong together in a rubric."""

    requirement: str
    """What must be true, in one sentence."""

    weight: int = Field(ge=1, le=10)
    """Compared with the other groups."""

    items: tuple[WeighedItem, ...]
    """At least one."""


class RubricGroups(Artifact):
    """The leaves of a rubric, grouped and weighted."""

    groups: tuple[RubricGroup, ...]
    """In the order in which the work would be done."""
