"""An evaluation in words, for the page and the terminal."""

from collections.abc import Iterator

from papercoder.artifacts import (
    Contender,
    CritiqueScore,
    Evaluation,
    Fitness,
    Interval,
    LeafScore,
    OrderCheck,
    Rubric,
    RubricScore,
    Severity,
)
from papercoder.report.formatting import plural

NAMES: dict[Contender, str] = {
    "repository": "the repository",
    "empty": "an empty one",
    "config-only": "its configuration alone",
    "shuffled": "the one with its files shuffled",
    "mutated": "the one with a wrong equation",
    "authors": "the authors’ repository",
}
FITNESS: dict[Fitness, str] = {
    "fit": "fit",
    "within noise": "fit, not beyond noise",
    "unfit": "UNFIT",
    "not shown": "not shown to be fit",
}
TONES = {
    "fit": "good",
    "holds": "good",
    "met": "good",
    "within noise": "fair",
    "medium": "fair",
    "invalid": "fair",
    "unfit": "bad",
    "broken": "bad",
    "not met": "bad",
    "high": "bad",
}
"""State -> tone; all others are `none`."""

LOWEST, HIGHEST = 1.0, 5.0
"""Of the judges' scores."""

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


def headline(evaluation: Evaluation) -> tuple[str, ...]:
    """What was found, in sentences; what takes the judges' word away comes first."""
    calibration = evaluation.calibration
    unfit = [_unfit(name, calibration.broken) for name in calibration.unfit] if calibration else []
    rubric = [_rubric(evaluation.rubric, evaluation.tree)] if evaluation.rubric else []
    return (*unfit, *map(_score, evaluation.scores), *rubric)


def _unfit(judge: str, broken: tuple[OrderCheck, ...]) -> str:
    orders = [order_words(order) for order in broken if order.judge == judge]
    more = f" It broke {len(orders) - 1} more." if len(orders) > 1 else ""
    return f"UNFIT: the judge {judge} broke an order that every judge must keep: {orders[0]}.{more}"


def _score(score: CritiqueScore) -> str:
    return f"The judge {score.judge} gives {score_words(score)}."


def score_words(score: CritiqueScore) -> str:
    """`4.25 of 5 (3.66 to 4.84; 8 samples, 1 invalid)`; never a number where there is none."""
    count = plural(len(score.samples) + len(score.invalid), "sample")
    invalid = f", {len(score.invalid)} invalid" if score.invalid else ""
    if score.score is None:
        return f"no score ({count}, none of them valid)"
    return f"{score.score.mean:.2f} of 5 ({span(score.score)}{count}{invalid})"


def span(value: Interval) -> str:
    """`3.66 to 4.84; `; empty for a single value, which says nothing of how sure it is."""
    return f"{within(value.low):.2f} to {within(value.high):.2f}; " if value.n > 1 else ""


def within(score: float) -> float:
    """An end of an interval, where a mean of scores can lie."""
    return min(max(score, LOWEST), HIGHEST)


def _rubric(score: RubricScore, tree: Rubric | None) -> str:
    met = sum(leaf.met for leaf in score.leaves)
    invalid = f"; on {len(score.invalid)} no answer was fit, and they count as not met" if score.invalid else ""
    said = f"it is {score.score:.1%}: {met} of {len(score.leaves)} leaves met{invalid}."
    if tree and all(leaf.task_category == "Code Development" for leaf in tree.leaves):
        return f"By the rubric’s Code Development alone {said}"
    code = f" Over Code Development alone it is {score.code_dev:.1%}." if score.code_dev is not None else ""
    return f"By the rubric {said}{code}"


def order_state(order: OrderCheck) -> str:
    """What became of an order, in a word or two."""
    match order.verdict:
        case "within noise":
            return "holds, not beyond noise" if order.strict else "missed by no more than noise"
        case "not shown":
            return "shows nothing"
        case verdict:
            return verdict


def order_words(order: OrderCheck) -> str:
    """An order and what became of it: `the repository must score more than ..., and scores 0.25 less`."""
    wanted = f"{NAMES[order.higher]} must score {must(order)} {NAMES[order.lower]}"
    if order.difference is None:
        missing = "no leaf was judged validly for both" if order.judge == "rubric" else "one of them has no score"
        return f"{wanted}, and {missing}"
    silent = order.judge == "rubric" and order.lower == "mutated" and order.verdict == "not shown"
    return f"{wanted}, and scores {_gap(order)}{f'; {SILENCE}' if silent else ''}"


def must(order: OrderCheck) -> str:
    """What the order asks for."""
    return "more than" if order.strict else "no less than"


SILENCE = "a wrong equation shows only where a leaf speaks of it"
"""Why a rubric's judge may be a good one and not tell."""


def _gap(order: OrderCheck) -> str:
    difference, noise = order.difference or 0.0, noise_figure(order)
    leaves = "leaves: " if order.judge == "rubric" else ""
    if not difference:
        return f"the same ({leaves}{noise})" if order.higher_alone else "the same"
    side = "more" if difference > 0 else "less"
    size = f"{100 * abs(difference):.1f} percentage points" if leaves else f"{abs(difference):.2f}"
    return f"{size} {side}{f' ({leaves}{noise})' if noise else ''}"


def difference_figure(order: OrderCheck) -> str:
    """A difference with its sign, of shares in percentage points; nothing where there is none."""
    if order.difference is None:
        return ""
    return f"{100 * order.difference:+.1f} points" if order.judge == "rubric" else f"{order.difference:+.2f}"


def noise_figure(order: OrderCheck) -> str:
    """What a difference is held against: the leaves that only one of the two meets, or its interval."""
    if order.higher_alone is not None and order.lower_alone is not None:
        return f"{order.higher_alone} more, {order.lower_alone} fewer"
    return f"{order.low:+.2f} to {order.high:+.2f}" if order.low is not None and order.high is not None else ""


def code_words(score: RubricScore) -> str:
    """What a rubric's leaves of code come to: `37.5% (6 of 16 leaves met, 1 invalid)`."""
    if score.code_dev is None:
        return "no leaf of code"
    invalid = f", {len(score.invalid)} invalid" if score.invalid else ""
    met = sum(leaf.met for leaf in score.leaves)
    return f"{score.code_dev:.1%} ({met} of {len(score.leaves)} leaves met{invalid})"


def leaf_state(leaf: LeafScore) -> str:
    """`met`, `not met`, `invalid`, or `not judged` where it was decided without a judge."""
    if leaf.invalid:
        return "invalid"
    if leaf.judgement is None:
        return "not judged"
    return "met" if leaf.met else "not met"


def agreement_words(evaluation: Evaluation) -> Iterator[str]:
    """How far the rubric's judge agrees with people, where that is known."""
    found = evaluation.agreement
    if found is None:
        return
    if found.accuracy is None:
        yield "No leaf was judged both by the judge and by people."
        return
    leaves = "1 leaf" if found.leaves == 1 else f"{found.leaves} leaves"
    yield (
        f"The judge agrees with people on {found.accuracy:.0%} of {leaves} (macro F1 {known(found.macro_f1)}, "
        f"Cohen’s kappa {known(found.kappa)})."
    )


def known(measure: float | None) -> str:
    """A measure, or that its divisor is zero."""
    return "not defined" if measure is None else f"{measure:.2f}"
