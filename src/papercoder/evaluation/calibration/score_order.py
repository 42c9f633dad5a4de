"""How the repository and its controls stand before one judge: by the means of its samples, or leaf by leaf."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from papercoder.artifacts import AnyJudge, Contender, ControlScores, CritiqueScore, Rubric, RubricScore
from papercoder.evaluation.rubric.rubric import only, weighted
from papercoder.evaluation.statistics import LEVEL, difference, sign_test

LOWEST = 1.0
"""Below it no judge by critique can go, so that two repositories with this mean are not told apart by it."""

_DIGITS = 9
"""Of a weighted difference; what lies behind them is how a machine adds."""


@dataclass(frozen=True)
class Gap:
    """How far one contender's score lies above another's."""

    difference: float | None = None
    """None where a side has no score."""

    beyond: bool = False
    """More than chance may bring about, whichever side has more."""

    low: float | None = None
    high: float | None = None
    """Where the difference lies with 95 % confidence, where samples tell."""

    higher_alone: int | None = None
    lower_alone: int | None = None
    """Leaves that only one of the two meets, where leaves tell."""

    is_blind: bool = False
    """True where the judge was shown nothing that makes the two differ."""

    is_excused: bool = False
    """True where a good judge might not tell the two apart either."""


class Standings(Protocol):
    """One judge, and what it makes of all who stood before it."""

    @property
    def judge(self) -> AnyJudge:
        """Its name."""

    @property
    def contenders(self) -> Set[Contender]:
        """Those that it was asked about."""

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The score of one less that of the other."""


def standings(
    repository: Iterable[CritiqueScore],
    controls: Iterable[ControlScores],
    rubric: tuple[Rubric, RubricScore] | None = None,
) -> Iterator[Standings]:
    """Judge by judge; `rubric` is the tree, and what it says of the repository."""
    controls = tuple(controls)
    changed: dict[Contender, Set[str]] = {control.control: frozenset(control.changed) for control in controls}
    for own in repository:
        scores: dict[Contender, CritiqueScore] = {"repository": own}
        scores |= {
            control.control: score for control in controls for score in control.scores if score.judge == own.judge
        }
        yield ByCritique(own.judge, scores, changed)
    if rubric:
        tree, leaves = rubric
        by_leaf: dict[Contender, RubricScore] = {"repository": leaves}
        by_leaf |= {control.control: control.rubric for control in controls if control.rubric}
        yield ByRubric(tree, by_leaf, changed)


def _is_blind(changed: Set[str], unseen: Iterable[Iterable[str]]) -> bool:
    """Was none of the files that were changed ever shown?"""
    return bool(changed) and all(changed <= set(each) for each in unseen)


@dataclass(frozen=True)
class ByCritique:
    """Means of samples, told apart by Welch's interval."""

    judge: AnyJudge
    scores: Mapping[Contender, CritiqueScore]
    changed: Mapping[Contender, Set[str]]

    @property
    def contenders(self) -> Set[Contender]:
        """All."""
        return self.scores.keys()

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """Of the means."""
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
class ByRubric:
    """Leaves that are judged once each, told apart by those on which the two differ.

    Only leaves that the judge gave a verdict on, for both, are held against each other: what is decided without it
    says nothing of it, and an answer that could not be read is no verdict.
    """

    rubric: Rubric
    scores: Mapping[Contender, RubricScore]
    changed: Mapping[Contender, Set[str]]
    judge: AnyJudge = "rubric"

    @property
    def contenders(self) -> Set[Contender]:
        """Not an empty one: that nothing is met in it is said without asking."""
        return {name for name, score in self.scores.items() if any(leaf.asked for leaf in score.leaves)}

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """Of what the leaves come to in the rubric's tree."""
        one, other = self._met(higher), self._met(lower)
        tree = only(self.rubric, lambda leaf: leaf.id in one and leaf.id in other)
        if tree is None:
            return Gap()
        met = Counter((one[leaf.id], other[leaf.id]) for leaf in tree.leaves)
        gained, lost = met[True, False], met[False, True]
        gap = round(weighted(tree, one) - weighted(tree, other), _DIGITS)
        beyond = gap * (gained - lost) > 0 and sign_test(gained, lost) < LEVEL
        # A wrong equation shows only where a leaf speaks of it, and a rubric need not have such a leaf.
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
