"""A rubric in the form of PaperBench (arXiv 2504.01848): a weighted tree whose leaves are met or not."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from papercoder.artifacts.base import Artifact

TaskCategory = Literal["Code Development", "Code Execution", "Result Analysis"]


class Rubric(Artifact):
    """A node of the tree: a leaf to be judged, or what its parts come to."""

    id: str
    requirements: str
    """What must be so."""

    weight: int | Annotated[float, Field(allow_inf_nan=False)] = Field(ge=0)
    """Against its siblings."""

    sub_tasks: tuple["Rubric", ...] = ()
    task_category: TaskCategory | None = None
    """Of leaves alone."""

    finegrained_task_category: str | None = None

    @model_validator(mode="after")
    def _leaves_have_a_category(self) -> Self:
        if bool(self.sub_tasks) == bool(self.task_category):
            raise ValueError(f"{self.id}: a leaf needs a task_category, and a node with sub_tasks has none")
        return self

    @property
    def nodes(self) -> Iterator["Rubric"]:
        """This one and all below it, each before its parts."""
        yield self
        for part in self.sub_tasks:
            yield from part.nodes

    @property
    def leaves(self) -> Iterator["Rubric"]:
        """From the first to the last."""
        return (node for node in self.nodes if not node.sub_tasks)


class LeafJudgement(Artifact):
    """A judge's answer on one leaf."""

    expected: str
    """What one would have to see in the repository, or in what it printed, for this to be met."""

    found: str
    """What is there, with path and line."""

    met: bool
    """True only where all of it is met."""


class LeafScore(Artifact):
    """A leaf and what became of it."""

    leaf: str
    """Its id."""

    met: bool
    judgement: LeafJudgement | None = None
    """None where it was decided without a judge, or no answer was fit."""

    reason: str = ""
    """Why there is no judgement; empty where there is one."""

    invalid: bool = False
    """True where the judge was asked and gave no fit answer; it then counts as not met, and is named."""

    unseen: tuple[str, ...] = ()
    """Files that the judge was not shown for this leaf."""

    @property
    def asked(self) -> bool:
        """False where it was decided without the judge."""
        return self.judgement is not None or self.invalid


class RubricScore(Artifact):
    """What the leaves come to."""

    score: float
    """0 to 1, weighted by the tree."""

    code_dev: float | None
    """The same over the leaves of Code Development alone; None where there are none."""

    leaves: tuple[LeafScore, ...]

    @property
    def invalid(self) -> tuple[LeafScore, ...]:
        """Leaves on which no answer was fit."""
        return tuple(leaf for leaf in self.leaves if leaf.invalid)


class WeighedItem(Artifact):
    """A leaf, or the results of a table, in a group."""

    id: str
    """A requirement's id, or the anchor of the table or paragraph whose results these are."""

    weight: int = Field(ge=1, le=10)
    """Against the other items of the group."""


class RubricGroup(Artifact):
    """What belongs together in a rubric."""

    requirement: str
    """What must be so, in one sentence."""

    weight: int = Field(ge=1, le=10)
    """Against the other groups."""

    items: tuple[WeighedItem, ...]
    """At least one."""


class RubricGroups(Artifact):
    """All leaves of a rubric, grouped and weighed."""

    groups: tuple[RubricGroup, ...]
    """In the order in which the work would be done."""
