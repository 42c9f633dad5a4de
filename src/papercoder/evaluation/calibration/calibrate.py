"""Calibration: do a judge's scores keep the orders that they must, whatever the paper and the repository are?"""

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
from papercoder.evaluation.calibration.score_order import Gap, Standings, standings


@dataclass(frozen=True)
class Order:
    """`higher` must score more than `lower`; where it is not strict, only not less."""

    higher: Contender
    lower: Contender
    strict: bool = True
    leafwise: bool = True
    """False where a rubric need not keep it."""


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
    # more closely than the authors did, nor that a repository with one wrong sign must be worse in the eyes of all. To
    # a rubric a wrong sign is one leaf or none, so that the mutated repository may stand above the authors' as well.
    Order("authors", "mutated", strict=False, leafwise=False),
    Order("authors", "shuffled"),
    Order("authors", "config-only"),
    Order("authors", "empty"),
)
"""What holds for every repository; a judge that breaks one of them cannot tell good from bad."""


def calibrated(
    repository: Iterable[CritiqueScore],
    controls: tuple[ControlScores, ...],
    missing: tuple[MissingControl, ...] = (),
    rubric: tuple[Rubric, RubricScore] | None = None,
) -> Calibration:
    """Hold every judge's scores of the repository and of the controls against the orders.

    Args:
        repository: its scores by critique.
        controls: all judges' scores of them.
        missing: those that could not be made.
        rubric: its tree, and what it says of the repository; None where the rubric's judge was not asked.
    """
    checks = {each.judge: tuple(_checks(each)) for each in standings(repository, controls, rubric)}
    return Calibration(
        controls=controls,
        missing=missing,
        orders=tuple(check for each in checks.values() for check in each),
        judges=tuple(JudgeFitness(judge=judge, fitness=_fitness(each)) for judge, each in checks.items()),
    )


def _checks(judged: Standings) -> Iterator[OrderCheck]:
    for order in ORDERS:
        if {order.higher, order.lower} <= judged.contenders and (order.leafwise or judged.judge != "rubric"):
            yield _check(judged.judge, order, judged.gap(order.higher, order.lower))


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
    """By the worst of its orders; those that show nothing count only where there are no others."""
    orders = tuple(orders)
    strict = {order.verdict for order in orders if order.strict}
    found = {order.verdict for order in orders}
    if "broken" in found:
        return "unfit"
    if strict <= {"not shown"}:
        return "not shown"
    return "within noise" if "within noise" in found else "fit"
