"""Calibration: checks that a judge's scores satisfy orders that hold for every paper and repository."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from papercoder.artifacts import (
    AnyJudge,
    Calibration,
    Contender,
    ControlScores,
    CritiqueScore,
    Fitness,
    JudgeFitness,
    MissingControl,
    OrderCheck,
    OrderVerdict,
    Rubric,
    RubricScore,
)
from papercoder.evaluation.calibration.score_order import Gap, ScoreOrder, score_orders


@dataclass(frozen=True)
class Order:
    """`higher` must score more than `lower`, or, if not strict, at least as much."""

    higher: Contender
    lower: Contender
    strict: bool = True
    leafwise: bool = True
    """False if it does not apply to the rubric judge."""


ORDERS: tuple[Order, ...] = (
    # Damaging a repository makes it worse.
    Order("repository", "mutated"),
    Order("repository", "shuffled"),
    Order("repository", "config-only"),
    Order("repository", "empty"),
    # One wrong sign does less damage than shuffled code, settings without code, or an empty repository. A judge may
    # give all of them its lowest score, because the core is wrong in each.
    Order("mutated", "shuffled", strict=False),
    Order("mutated", "config-only", strict=False),
    Order("mutated", "empty", strict=False),
    # Shuffled code and settings are not worse than nothing. They are not compared with each other.
    Order("shuffled", "empty", strict=False),
    Order("config-only", "empty", strict=False),
    # The authors' code is not compared with the repository, which may follow the paper's text more closely. A wrong
    # sign affects at most one leaf of a rubric, so the rubric judge may score the mutated one above the authors'.
    Order("authors", "mutated", strict=False, leafwise=False),
    Order("authors", "shuffled"),
    Order("authors", "config-only"),
    Order("authors", "empty"),
)
"""Orders that hold for every repository; a judge that breaks one cannot distinguish good from bad."""


def calibrate(
    repository: Iterable[CritiqueScore],
    controls: tuple[ControlScores, ...],
    missing: tuple[MissingControl, ...] = (),
    rubric: tuple[Rubric, RubricScore] | None = None,
) -> Calibration:
    """Check each judge's scores of the repository and the controls against the orders.

    Args:
        repository: its scores by the critique judges.
        controls: the controls with the scores of all judges.
        missing: controls that could not be created.
        rubric: the tree and its score of the repository; None without the rubric judge.
    """
    checks = {each.judge: tuple(_checks(each)) for each in score_orders(repository, controls, rubric)}
    return Calibration(
        controls=controls,
        missing=missing,
        orders=tuple(check for each in checks.values() for check in each),
        judges=tuple(JudgeFitness(judge=judge, fitness=_fitness(each)) for judge, each in checks.items()),
    )


def _checks(scores: ScoreOrder) -> Iterator[OrderCheck]:
    for order in ORDERS:
        if {order.higher, order.lower} <= scores.contenders and (order.leafwise or scores.judge != "rubric"):
            yield _check(scores.judge, order, scores.gap(order.higher, order.lower))


def _check(judge: AnyJudge, order: Order, gap: Gap) -> OrderCheck:
    return OrderCheck(
        judge=judge,
        higher=order.higher,
        lower=order.lower,
        strict=order.strict,
        verdict=_verdict(gap, order.strict),
        difference=gap.difference,
        low=gap.low,
        high=gap.high,
        higher_alone=gap.higher_alone,
        lower_alone=gap.lower_alone,
    )


def _verdict(gap: Gap, strict: bool) -> OrderVerdict:
    if gap.is_blind or gap.difference is None:
        return "not shown"
    if strict and gap.difference <= 0:
        return "not shown" if gap.is_excused else "broken"
    if strict:
        return "holds" if gap.beyond else "within noise"
    return "holds" if gap.difference >= 0 else "broken" if gap.beyond else "within noise"


def _fitness(orders: Iterable[OrderCheck]) -> Fitness:
    """The worst verdict; orders that show nothing count only if there are no others."""
    orders = tuple(orders)
    strict = {order.verdict for order in orders if order.strict}
    found = {order.verdict for order in orders}
    if "broken" in found:
        return "unfit"
    if strict <= {"not shown"}:
        return "not shown"
    return "within noise" if "within noise" in found else "fit"
