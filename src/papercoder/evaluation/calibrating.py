"""Calibration: do a judge's means keep the orders that they must, whatever the paper and the repository are?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from papercoder.artifacts import (
    Calibration,
    Contender,
    ControlScores,
    CritiqueScore,
    Fitness,
    Interval,
    JudgeFitness,
    JudgeName,
    MissingControl,
    OrderCheck,
    OrderVerdict,
)
from papercoder.evaluation.statistics import difference

LOWEST = 1.0
"""Below it no judge can go, so that two repositories with this mean are not told apart by it."""


@dataclass(frozen=True)
class Order:
    """`higher` must score more than `lower`; where it is not strict, only not less."""

    higher: Contender
    lower: Contender
    strict: bool = True


ORDERS: tuple[Order, ...] = (
    # Spoiling a repository makes it worse, however good or bad it was.
    Order("repository", "mutated"),
    Order("repository", "shuffled"),
    Order("repository", "config-only"),
    Order("repository", "empty"),
    # One wrong sign leaves more of the paper than a heap of misplaced code, settings without code, or nothing. A judge
    # may give all of these its lowest score, since the core is wrong in each.
    Order("mutated", "shuffled", strict=False),
    Order("mutated", "config-only", strict=False),
    Order("mutated", "empty", strict=False),
    # Something is not less than nothing. Misplaced code and lonely settings are not held against each other.
    Order("shuffled", "empty", strict=False),
    Order("config-only", "empty", strict=False),
    # The authors' code is the method. Nothing is said of it against the repository, which may follow the paper's text
    # more closely than the authors did, nor that a repository with one wrong sign must be worse in the eyes of all.
    Order("authors", "mutated", strict=False),
    Order("authors", "shuffled"),
    Order("authors", "config-only"),
    Order("authors", "empty"),
)
"""What holds for every repository; a judge that breaks one of them cannot tell good from bad."""


@dataclass(frozen=True)
class _Judged:
    """One judge's score of one contender."""

    score: Interval | None
    is_blind: bool
    """True where the judge was not shown any of the files that were changed."""


def calibrated(
    repository: Iterable[CritiqueScore], controls: tuple[ControlScores, ...], missing: tuple[MissingControl, ...] = ()
) -> Calibration:
    """Hold every judge's scores of the repository and of the controls against the orders."""
    orders = tuple(check for score in repository for check in _checks(score, controls))
    judges = dict.fromkeys(order.judge for order in orders)
    return Calibration(
        controls=controls,
        missing=missing,
        orders=orders,
        judges=tuple(JudgeFitness(judge=judge, fitness=_fitness(judge, orders)) for judge in judges),
    )


def _checks(own: CritiqueScore, controls: tuple[ControlScores, ...]) -> Iterable[OrderCheck]:
    judged: dict[Contender, _Judged] = {"repository": _Judged(own.score, is_blind=False)}
    for control in controls:
        score = next(score for score in control.scores if score.judge == own.judge)
        is_blind = bool(control.changed) and set(control.changed) <= set(score.unseen)
        judged[control.control] = _Judged(score.score, is_blind)
    return [_check(own.judge, order, judged) for order in ORDERS if {order.higher, order.lower} <= judged.keys()]


def _check(judge: JudgeName, order: Order, judged: Mapping[Contender, _Judged]) -> OrderCheck:
    one, other = judged[order.higher], judged[order.lower]
    between = difference(one.score, other.score) if one.score and other.score else None
    return OrderCheck(
        judge=judge,
        higher=order.higher,
        lower=order.lower,
        strict=order.strict,
        verdict=_verdict(one, other, order.strict),
        difference=one.score.mean - other.score.mean if one.score and other.score else None,
        low=between.low if between else None,
        high=between.high if between else None,
    )


def _verdict(one: _Judged, other: _Judged, strict: bool) -> OrderVerdict:
    if one.is_blind or other.is_blind or not one.score or not other.score:
        return "not shown"
    between, gap = difference(one.score, other.score), one.score.mean - other.score.mean
    if strict:
        if one.score.mean == other.score.mean == LOWEST:
            return "not shown"
        return "broken" if gap <= 0 else "holds" if between and between.low > 0 else "within noise"
    return "holds" if gap >= 0 else "broken" if between and between.high < 0 else "within noise"


def _fitness(judge: JudgeName, orders: Iterable[OrderCheck]) -> Fitness:
    """By the worst of its orders; those that show nothing count only where there are no others."""
    strict = {order.verdict for order in orders if order.judge == judge and order.strict}
    found = {order.verdict for order in orders if order.judge == judge}
    if "broken" in found:
        return "unfit"
    if strict <= {"not shown"}:
        return "not shown"
    return "within noise" if "within noise" in found else "fit"
