"""The judgement of a repository: rubric, critiques, scores, intervals, whether judges are reliable, and the cost."""

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


Severity = Literal["high", "medium", "low"]
JudgeName = Literal["reference-free", "reference-free-plain", "reference-based"]


class CodeCritique(Artifact):
    """One fault of the repository, compared with the paper."""

    file: str
    """The path of the file in the repository; empty if a whole part is missing."""

    function: str = ""
    """The function or class, if the fault is in one."""

    severity: Severity
    """`high`: the paper's core method, loss or experiment is missing or wrong. `medium`: training, data or other main
    parts deviate so that results suffer. `low`: evaluation details, settings, defaults, logging."""

    critique: str
    """What is wrong, and which words of the paper or code of the authors it contradicts."""


class Judgement(Artifact):
    """One sample of a judge (Paper2Code, section 4.2)."""

    critiques: tuple[CodeCritique, ...] = ()
    """All faults; empty if there are none."""

    score: int = Field(ge=1, le=5)
    """Correctness of the implementation. 1: the core is missing or wrong. 2: attempted, with significant mistakes or
    missing parts. 3: some of the core is right, with notable errors. 4: the key parts are right, with minor
    deviations. 5: all of it is there and right."""


class SelectedFiles(Artifact):
    """The most relevant files of a repository that is too large to be read as a whole."""

    paths: tuple[str, ...]
    """Paths as listed, the most relevant first."""


class Interval(Artifact):
    """A mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    n: int
    """The number of values; with one, low and high are that value."""


class InvalidSample(Artifact):
    """A sample without a valid judgement."""

    sample: int
    """Counted from 1."""

    reason: str


class CritiqueScore(Artifact):
    """A judge's samples and their mean score."""

    judge: JudgeName
    score: Interval | None
    """1 to 5, over the valid samples; None if there are none."""

    samples: tuple[Judgement, ...] = ()
    """The valid samples, in order."""

    invalid: tuple[InvalidSample, ...] = ()
    unseen: tuple[str, ...] = ()
    """Files of the repository that the judge did not see, or saw only in part."""

    gold_unseen: tuple[str, ...] = ()
    """Files of the authors' repository that the judge did not see, or saw only in part."""


AnyJudge = Literal[JudgeName, "rubric"]
ControlName = Literal["empty", "config-only", "shuffled", "mutated", "authors"]
Contender = Literal["repository", ControlName]
OrderVerdict = Literal["holds", "within noise", "broken", "not shown"]
Fitness = Literal["fit", "within noise", "unfit", "not shown"]


class ControlScores(Artifact):
    """The judges' scores of one control."""

    control: ControlName
    made: str
    """How it was made from the repository."""

    changed: tuple[str, ...]
    """Files that differ from the repository."""

    scores: tuple[CritiqueScore, ...]
    """One for each judge by critique."""

    rubric: RubricScore | None = None
    """Over the leaves of Code Development; None if there is no rubric, or it has none."""


class MissingControl(Artifact):
    """A control that could not be made."""

    control: ControlName
    reason: str


class OrderCheck(Artifact):
    """An order that a judge's scores must have, and whether they have it."""

    judge: AnyJudge
    higher: Contender
    lower: Contender
    strict: bool
    """True: `higher` must score more; False: it must not score less."""

    verdict: OrderVerdict
    """`holds`. `within noise`: it holds in the scores, or is missed where a tie would do, but by no more than chance
    may bring about. `broken`. `not shown`: both have the lowest score, a side has no valid sample or leaf, the judge
    was not shown what makes the two differ, or no leaf of its rubric is seen to speak of it."""

    difference: float | None
    """Higher less lower: of the means, or of what the leaves come to, 0 to 1, that were validly judged for both. None
    where a side has no valid sample, or no leaf is."""

    low: float | None = None
    """Where the difference lies with 95 % confidence; None where a side has fewer than two valid samples."""

    high: float | None = None
    higher_alone: int | None = None
    """Leaves that only the higher one meets; None for judges by critique."""

    lower_alone: int | None = None


class JudgeFitness(Artifact):
    """The result of all orders of one judge."""

    judge: AnyJudge
    fitness: Fitness
    """`unfit`: at least one order is broken. `not shown`: none is, but none could be held against it either.
    `within noise`: all hold, some of them by no more than chance. `fit`: all hold."""


class Calibration(Artifact):
    """The results of all controls and judges."""

    controls: tuple[ControlScores, ...] = ()
    missing: tuple[MissingControl, ...] = ()
    orders: tuple[OrderCheck, ...] = ()
    judges: tuple[JudgeFitness, ...] = ()

    @property
    def unfit(self) -> tuple[AnyJudge, ...]:
        """Judges that broke an order."""
        return tuple(each.judge for each in self.judges if each.fitness == "unfit")

    @property
    def broken(self) -> tuple[OrderCheck, ...]:
        """The orders that they broke."""
        return tuple(order for order in self.orders if order.verdict == "broken")

    @property
    def not_shown(self) -> tuple[AnyJudge, ...]:
        """Judges about whom the controls show nothing."""
        return tuple(each.judge for each in self.judges if each.fitness == "not shown")


class Difference(Artifact):
    """A leaf on which judge and people disagree."""

    leaf: str
    people: bool
    judge: bool


class Agreement(Artifact):
    """The agreement of a judge's leaves with people's; a measure with a zero divisor is None."""

    leaves: int
    """Judged by both."""

    both_met: int
    judge_alone: int
    """Met only for the judge."""

    people_alone: int
    """Met only for the people."""

    neither: int
    accuracy: float | None
    precision: float | None
    """Of the leaves that are met for the judge, those that are met for the people."""

    recall: float | None
    """Of the leaves that are met for the people, those that are met for the judge."""

    f1: float | None
    """Of `met`."""

    macro_f1: float | None
    """The mean of the F1 of `met` and that of `not met`, as judges of rubrics are compared."""

    kappa: float | None
    """Cohen's: agreement beyond what chance would give; 0 is chance, 1 is perfect."""

    differences: tuple[Difference, ...] = ()
    unlabelled: tuple[str, ...] = ()
    """Leaves that people did not judge."""

    unjudged: tuple[str, ...] = ()
    """Leaves without a valid answer of the judge."""

    unasked: tuple[str, ...] = ()
    """Leaves that were decided without the judge, such as those of an execution that was not observed."""


class Costs(Artifact):
    """The cost of judging, over all processes."""

    calls: int
    prompt: int
    """Tokens; `cached` are part of them."""

    cached: int
    completion: int
    cost_usd: float
    unpriced: int
    """Calls with an unknown price; `cost_usd` does not include them."""

    seconds: float


class Evaluation(Artifact):
    """The judges' scores of a repository."""

    paper: str
    """Its title."""

    repository: str
    """Its path."""

    files: int
    """The number of files in the repository."""

    model: str
    """The model of the judges."""

    scores: tuple[CritiqueScore, ...] = ()
    """One for each judge by critique."""

    rubric: RubricScore | None = None
    """None if no rubric was given."""

    tree: Rubric | None = None
    """The rubric as it was judged, which says what each leaf requires."""

    calibration: Calibration | None = None
    """None if it was not requested."""

    agreement: Agreement | None = None
    """None if no labels were given."""

    costs: Costs

    @property
    def by_code(self) -> dict[Contender, RubricScore]:
        """The rubric scores over Code Development, of the repository and of each control; empty without both."""
        controls = self.calibration.controls if self.calibration else ()
        held: dict[Contender, RubricScore] = {each.control: each.rubric for each in controls if each.rubric}
        if not held or self.rubric is None or self.rubric.code_dev is None:
            return {}
        code = {leaf.leaf for score in held.values() for leaf in score.leaves}
        leaves = tuple(leaf for leaf in self.rubric.leaves if leaf.leaf in code)
        own = RubricScore(score=self.rubric.code_dev, code_dev=self.rubric.code_dev, leaves=leaves)
        return {"repository": own, **held}

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """Why the evaluation is incomplete: judges that are unfit or gave no answer; empty if it is complete."""
        return tuple(self._shortcomings())

    def _shortcomings(self) -> Iterator[str]:
        if self.calibration:
            yield from (f"the judge {name} is unreliable" for name in self.calibration.unfit)
            yield from (f"calibration of the judge {name} was inconclusive" for name in self.calibration.not_shown)
        yield from (f"the judge {each.judge} gave no valid sample" for each in self.scores if not each.score)
        if self.rubric and self.rubric.leaves and all(leaf.invalid for leaf in self.rubric.leaves):
            yield "no leaf of the rubric has a valid verdict"
