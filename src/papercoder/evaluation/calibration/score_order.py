"""How one judge orders the repository and its controls: by mean scores, or by rubric leaves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from papercoder.artifacts import AnyJudge, Contender, ControlScores, CritiqueScore, Rubric, RubricScore
from papercoder.evaluation.rubric.rubric import only, weighted
from papercoder.evaluation.statistics import LEVEL, difference, sign_test

LOWEST = 1.0
"""The lowest score of a critique judge; two repositories with this mean cannot be distinguished."""

_DIGITS = 9
"""Digits of a weighted difference; further digits are rounding errors."""


@dataclass(frozen=True)
class Gap:
    """The difference between the scores of two contenders."""

    difference: float | None = None
    """None if one of them has no score."""

    beyond: bool = False
    """Whether the difference is significant, in either direction."""

    low: float | None = None
    high: float | None = None
    """95 % interval of the difference, for critique judges."""

    higher_alone: int | None = None
    lower_alone: int | None = None
    """Leaves that only one of the two meets, for the rubric judge."""

    is_blind: bool = False
    """True if the judge did not read any file in which the two differ."""

    is_excused: bool = False
    """True if a good judge might not distinguish the two either."""


class ScoreOrder(Protocol):
    """One judge with its scores of all contenders."""

    @property
    def judge(self) -> AnyJudge:
        """The judge's name."""

    @property
    def contenders(self) -> Set[Contender]:
        """The contenders that it scored."""

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The score of `higher` minus the score of `lower`."""


def score_orders(
    repository: Iterable[CritiqueScore],
    controls: Iterable[ControlScores],
    rubric: tuple[Rubric, RubricScore] | None = None,
) -> Iterator[ScoreOrder]:
    """One for each judge; `rubric` is the tree and its score of the repository."""
    controls = tuple(controls)
    changed: dict[Contender, Set[str]] = {control.control: frozenset(control.changed) for control in controls}
    for own in repository:
        scores: dict[Contender, CritiqueScore] = {"repository": own}
        scores |= {
            control.control: score for control in controls for score in control.scores if score.judge == own.judge
        }
        yield CritiqueOrder(own.judge, scores, changed)
    if rubric:
        tree, leaves = rubric
        by_leaf: dict[Contender, RubricScore] = {"repository": leaves}
        by_leaf |= {control.control: control.rubric for control in controls if control.rubric}
        yield RubricOrder(tree, by_leaf, changed)


def _is_blind(changed: Set[str], unseen: Iterable[Iterable[str]]) -> bool:
    """Whether the judge never read a changed file."""
    return bool(changed) and all(changed <= set(each) for each in unseen)


@dataclass(frozen=True)
class CritiqueOrder:
    """Compares the means of samples by Welch's interval."""

    judge: AnyJudge
    scores: Mapping[Contender, CritiqueScore]
    changed: Mapping[Contender, Set[str]]

    @property
    def contenders(self) -> Set[Contender]:
        """All contenders."""
        return self.scores.keys()

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The difference of the means."""
        one, other = self.scores[higher].score, self.scores[lower].score
        if one is None or other is None:
            return Gap()
        between = difference(one, other)
        return Gap(
            difference=one.mean - other.mean,
            beyond=between is not None and (between.low > 0 or between.high < 0),
            low=between.low if between else None,
            high=between.high if between else None,
            is_blind=self._is_blind(higher) or self._is_blind(lower),
            is_excused=one.mean == other.mean == LOWEST,
        )

    def _is_blind(self, contender: Contender) -> bool:
        return _is_blind(self.changed.get(contender, frozenset()), [self.scores[contender].unseen])


@dataclass(frozen=True)
class RubricOrder:
    """Compares the leaves, each judged once, by a sign test on those with different verdicts.

    Only leaves that the judge decided for both contenders count, without invalid answers and without leaves that were
    decided without the judge.
    """

    rubric: Rubric
    scores: Mapping[Contender, RubricScore]
    changed: Mapping[Contender, Set[str]]
    judge: AnyJudge = "rubric"

    @property
    def contenders(self) -> Set[Contender]:
        """All but the empty control, whose leaves are decided without the judge."""
        return {name for name, score in self.scores.items() if any(leaf.asked for leaf in score.leaves)}

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The difference of the weighted scores."""
        one, other = self._met(higher), self._met(lower)
        tree = only(self.rubric, lambda leaf: leaf.id in one and leaf.id in other)
        if tree is None:
            return Gap()
        met = Counter((one[leaf.id], other[leaf.id]) for leaf in tree.leaves)
        gained, lost = met[True, False], met[False, True]
        gap = round(weighted(tree, one) - weighted(tree, other), _DIGITS)
        beyond = gap * (gained - lost) > 0 and sign_test(gained, lost) < LEVEL
        # A wrong equation affects the score only if a leaf is about it, and a rubric need not have such a leaf.
        may_be_silent = lower == "mutated" and not beyond
        return Gap(
            difference=gap,
            beyond=beyond,
            higher_alone=gained,
            lower_alone=lost,
            is_blind=self._is_blind(higher) or self._is_blind(lower),
            is_excused=may_be_silent or met[False, False] == met.total(),
        )

    def _met(self, contender: Contender) -> dict[str, bool]:
        return {leaf.leaf: leaf.met for leaf in self.scores[contender].leaves if leaf.judgement}

    def _is_blind(self, contender: Contender) -> bool:
        judged = (leaf for leaf in self.scores[contender].leaves if leaf.judgement)
        return _is_blind(self.changed.get(contender, frozenset()), (leaf.unseen for leaf in judged))
