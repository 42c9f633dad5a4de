"""Whether a judge is reliable: its scores of controls in a known order, and its agreement with people."""

from typing import Literal

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.evaluation import CritiqueScore, JudgeName
from papercoder.artifacts.rubric import RubricScore

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
