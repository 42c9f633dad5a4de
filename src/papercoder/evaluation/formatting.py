"""Text of an evaluation for the page and the terminal."""

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
    "empty": "the empty control",
    "config-only": "the configuration alone",
    "shuffled": "the shuffled control",
    "mutated": "the mutated control",
    "authors": "the authors’ repository",
}
FITNESS: dict[Fitness, str] = {
    "fit": "reliable",
    "within noise": "reliable, but within noise",
    "unfit": "UNRELIABLE",
    "not shown": "reliability not shown",
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
"""State -> tone; other states have the tone `none`."""

LOWEST, HIGHEST = 1.0, 5.0
"""Range of the judges' scores."""

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


def headline(evaluation: Evaluation) -> tuple[str, ...]:
    """The results in sentences, unreliable judges first."""
    calibration = evaluation.calibration
    unreliable = [_unreliable(name, calibration.broken) for name in calibration.unfit] if calibration else []
    rubric = [_rubric(evaluation.rubric, evaluation.tree)] if evaluation.rubric else []
    return (*unreliable, *map(_score, evaluation.scores), *rubric)


def _unreliable(judge: str, broken: tuple[OrderCheck, ...]) -> str:
    orders = [order_words(order) for order in broken if order.judge == judge]
    more = f" It broke {len(orders) - 1} more." if len(orders) > 1 else ""
    return f"UNRELIABLE: the judge {judge} broke a required order: {orders[0]}.{more}"


def _score(score: CritiqueScore) -> str:
    return f"The judge {score.judge} gives {score_words(score)}."


def score_words(score: CritiqueScore) -> str:
    """`4.25 of 5 (3.66 to 4.84; 8 samples, 1 invalid)`; no number without a valid sample."""
    count = plural(len(score.samples) + len(score.invalid), "sample")
    invalid = f", {len(score.invalid)} invalid" if score.invalid else ""
    if score.score is None:
        return f"no score ({count}, none valid)"
    return f"{score.score.mean:.2f} of 5 ({span(score.score)}{count}{invalid})"


def span(value: Interval) -> str:
    """`3.66 to 4.84; `; empty for a single value, which has no interval."""
    return f"{within(value.low):.2f} to {within(value.high):.2f}; " if value.n > 1 else ""


def within(score: float) -> float:
    """A score limited to the possible range."""
    return min(max(score, LOWEST), HIGHEST)


def _rubric(score: RubricScore, tree: Rubric | None) -> str:
    met = sum(leaf.met for leaf in score.leaves)
    invalid = f"; {len(score.invalid)} had no valid answer and count as not met" if score.invalid else ""
    text = f"{score.score:.1%}, {met} of {len(score.leaves)} leaves met{invalid}."
    if tree and all(leaf.task_category == "Code Development" for leaf in tree.leaves):
        return f"Rubric score (Code Development only): {text}"
    code = f" Code Development: {score.code_dev:.1%}." if score.code_dev is not None else ""
    return f"Rubric score: {text}{code}"


def order_state(order: OrderCheck) -> str:
    """The verdict on an order."""
    match order.verdict:
        case "within noise":
            return "holds within noise" if order.strict else "missed within noise"
        case "not shown":
            return "shows nothing"
        case verdict:
            return verdict


def order_words(order: OrderCheck) -> str:
    """An order and its verdict: `the repository must score more than ..., but scores 0.25 less`."""
    wanted = f"{NAMES[order.higher]} must score {must(order)} {NAMES[order.lower]}"
    if order.difference is None:
        missing = "no leaf has a valid verdict for both" if order.judge == "rubric" else "one of them has no score"
        return f"{wanted}, but {missing}"
    silent = order.judge == "rubric" and order.lower == "mutated" and order.verdict == "not shown"
    link = "and" if order.verdict == "holds" else "but"
    return f"{wanted}, {link} scores {_gap(order)}{f'; {SILENCE}' if silent else ''}"


def must(order: OrderCheck) -> str:
    """The required relation."""
    return "more than" if order.strict else "no less than"


SILENCE = "a wrong equation counts only if a leaf is about it"
"""Why a good rubric judge may miss the difference."""


def _gap(order: OrderCheck) -> str:
    difference, noise = order.difference or 0.0, noise_figure(order)
    leaves = "leaves: " if order.judge == "rubric" else ""
    if not difference:
        return f"the same ({leaves}{noise})" if order.higher_alone else "the same"
    side = "more" if difference > 0 else "less"
    size = f"{100 * abs(difference):.1f} percentage points" if leaves else f"{abs(difference):.2f}"
    return f"{size} {side}{f' ({leaves}{noise})' if noise else ''}"


def difference_figure(order: OrderCheck) -> str:
    """A difference with sign, for rubrics in percentage points; empty without a score."""
    if order.difference is None:
        return ""
    return f"{100 * order.difference:+.1f} points" if order.judge == "rubric" else f"{order.difference:+.2f}"


def noise_figure(order: OrderCheck) -> str:
    """The basis of a difference: the leaves that only one of the two meets, or the interval."""
    if order.higher_alone is not None and order.lower_alone is not None:
        return f"{order.higher_alone} more, {order.lower_alone} fewer"
    return f"{order.low:+.2f} to {order.high:+.2f}" if order.low is not None and order.high is not None else ""


def code_words(score: RubricScore) -> str:
    """Score of a rubric's code leaves: `37.5% (6 of 16 leaves met, 1 invalid)`."""
    if score.code_dev is None:
        return "no code leaves"
    invalid = f", {len(score.invalid)} invalid" if score.invalid else ""
    met = sum(leaf.met for leaf in score.leaves)
    return f"{score.code_dev:.1%} ({met} of {len(score.leaves)} leaves met{invalid})"


def leaf_state(leaf: LeafScore) -> str:
    """`met`, `not met`, `invalid`, or `not judged` if it was decided without a judge."""
    if leaf.invalid:
        return "invalid"
    if leaf.judgement is None:
        return "not judged"
    return "met" if leaf.met else "not met"


def agreement_words(evaluation: Evaluation) -> Iterator[str]:
    """Agreement of the rubric judge with people, if it was measured."""
    found = evaluation.agreement
    if found is None:
        return
    if found.accuracy is None:
        yield "No leaf has a verdict of both the judge and people."
        return
    leaves = "1 leaf" if found.leaves == 1 else f"{found.leaves} leaves"
    yield (
        f"The judge agrees with people on {found.accuracy:.0%} of {leaves} (macro F1 {known(found.macro_f1)}, "
        f"Cohen’s kappa {known(found.kappa)})."
    )


def known(measure: float | None) -> str:
    """A measure, or `not defined` for None."""
    return "not defined" if measure is None else f"{measure:.2f}"
