"""Renders an evaluation as a self-contained HTML page and as a CSV table; texts from models are escaped."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from papercoder.artifacts import (
    CodeCritique,
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
from papercoder.evaluation.rubric import weighted
from papercoder.report.formatting import SIGNS, plural
from papercoder.report.plots import Row, intervals
from papercoder.report.rendering import environment, sheet, style
from papercoder.text import csv_text

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


COLUMNS = ("contender", "judge", "item", "valid", "score", "high", "medium", "low")
"""Columns of the CSV table, which has one row per sample and per leaf.

`contender`: the repository or a control. `item`: number of the sample or id of the leaf. `score`: 1 to 5 for a sample,
0 or 1 for a leaf. The last three columns count a sample's critiques by severity.
"""

_ORDER: tuple[Contender, ...] = ("repository", "authors", "mutated", "shuffled", "config-only", "empty")


@dataclass(frozen=True)
class Branch:
    """A node of the rubric with the score of its leaves."""

    node: Rubric
    share: float
    """Weight within the parent node, 0 to 1."""

    score: float
    """0 to 1."""

    parts: tuple["Branch", ...]
    leaf: LeafScore | None
    """None for inner nodes."""

    @property
    def leaves(self) -> tuple[LeafScore, ...]:
        """All leaves below the node, in order."""
        own = (self.leaf,) if self.leaf else ()
        return (*own, *(leaf for part in self.parts for leaf in part.leaves))


@dataclass(frozen=True)
class Found:
    """A critique and its sample."""

    sample: int
    """Number among the valid samples, from 1."""

    critique: CodeCritique


@dataclass(frozen=True)
class Plot:
    """A plot and its title."""

    title: str
    svg: Markup


def to_html(evaluation: Evaluation) -> str:
    """The evaluation as a page."""
    values = {**_values(evaluation), "style": style() + _css()}
    return _environment().get_template("evaluation.html").render(**values)


def body(evaluation: Evaluation) -> Markup:
    """The content of the page, for another page that includes `parts_style` and `body_style`."""
    text = _environment().get_template("results.html").render(**_values(evaluation))
    return Markup(text)  # noqa: S704  the template escapes


def body_style(within: str) -> str:
    """The style of `body` within a CSS selector."""
    return f"{within} {{\n{_css()}}}\n"


def _values(evaluation: Evaluation) -> dict[str, object]:
    tree, rubric = evaluation.tree, evaluation.rubric
    return {
        "evaluation": evaluation,
        "headline": headline(evaluation) or ("Nothing was judged.",),
        "plots": plots(evaluation),
        "tree": branch(tree, rubric) if tree and rubric else None,
        "agreement": tuple(agreement_words(evaluation)),
    }


def _css() -> Markup:
    return sheet("papercoder.evaluation", "results.css")


@cache
def _environment() -> Environment:
    made = environment("papercoder.evaluation")
    made.filters |= {
        "by_severity": by_severity,
        "difference": difference_figure,
        "fitness": FITNESS.__getitem__,
        "known": known,
        "leaf_state": leaf_state,
        "leaves": code_words,
        "must": must,
        "noise": noise_figure,
        "order": order_words,
        "order_state": order_state,
        "score": score_words,
        "sign": lambda state: SIGNS[_tone(state)],
        "tone": _tone,
    }
    return made


def _tone(state: str) -> str:
    return TONES.get(state, "none")


def plots(evaluation: Evaluation) -> tuple[Plot, ...]:
    """Scores with intervals: one plot per judge with the controls, or one plot with all judges without controls."""
    if evaluation.calibration:
        return (*(_plot(score.judge, _rows(evaluation, score)) for score in evaluation.scores), *_code_plot(evaluation))
    rows = [Row(score.judge, score.score) for score in evaluation.scores]
    return (_plot("Scores", rows),) if rows else ()


def _plot(title: str, rows: list[Row]) -> Plot:
    return Plot(title, intervals(tuple(rows), LOWEST, HIGHEST, title))


def _code_plot(evaluation: Evaluation) -> Iterator[Plot]:
    """Scores of the rubric's code leaves; each leaf is judged once, so there is no interval."""
    judged = {name: _code_row(name, score) for name, score in evaluation.by_code.items()}
    if rows := [judged[name] for name in _ORDER if name in judged]:
        title = "rubric, Code Development"
        yield Plot(title, intervals(tuple(rows), 0.0, 1.0, title))


def _code_row(name: Contender, score: RubricScore) -> Row:
    met = score.code_dev or 0.0
    state = "reported" if name == "repository" else "none"
    return Row(name, Interval(mean=met, low=met, high=met, n=1), state, words=f"{met:.1%}")


def _rows(evaluation: Evaluation, own: CritiqueScore) -> list[Row]:
    controls = evaluation.calibration.controls if evaluation.calibration else ()
    scores = [(control.control, score) for control in controls for score in control.scores]
    judged: dict[Contender, Row] = {"repository": Row("repository", own.score)}
    judged |= {name: Row(name, score.score, "none") for name, score in scores if score.judge == own.judge}
    return [judged[name] for name in _ORDER if name in judged]


def by_severity(score: CritiqueScore) -> dict[Severity, list[Found]]:
    """Critiques of all samples, most severe first, then by file and function."""
    found = sorted(_found(score), key=lambda each: (each.critique.file, each.critique.function, each.sample))
    groups = {level: [each for each in found if each.critique.severity == level] for level in SEVERITIES}
    return {level: group for level, group in groups.items() if group}


def _found(score: CritiqueScore) -> Iterator[Found]:
    for number, sample in enumerate(score.samples, 1):
        yield from (Found(number, critique) for critique in sample.critiques)


def branch(rubric: Rubric, score: RubricScore) -> Branch:
    """The rubric's tree with verdicts and scores."""
    leaves = {leaf.leaf: leaf for leaf in score.leaves}
    met = {name: float(leaf.met) for name, leaf in leaves.items()}

    def scored(node: Rubric, share: float) -> Branch:
        total = sum(part.weight for part in node.sub_tasks) or 1.0
        parts = tuple(scored(part, part.weight / total) for part in node.sub_tasks)
        return Branch(node, share, weighted(node, met), parts, None if parts else leaves.get(node.id))

    return scored(rubric, 1.0)


def to_csv(evaluation: Evaluation) -> str:
    """The evaluation as a table with a header: one row per sample of a judge and per leaf of a rubric."""
    return csv_text.to_csv([COLUMNS, *_csv_rows(evaluation)])


def _csv_rows(evaluation: Evaluation) -> Iterator[tuple[csv_text.Cell, ...]]:
    for score in evaluation.scores:
        yield from _samples("repository", score)
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        for score in control.scores:
            yield from _samples(control.control, score)
    yield from _leaves("repository", evaluation.rubric)
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        yield from _leaves(control.control, control.rubric)


def _samples(contender: Contender, score: CritiqueScore) -> Iterator[tuple[csv_text.Cell, ...]]:
    """Valid and invalid samples by number."""
    invalid = {sample.sample for sample in score.invalid}
    valid = iter(score.samples)
    for number in range(1, len(score.samples) + len(invalid) + 1):
        if number in invalid:
            yield contender, score.judge, number, 0, None, None, None, None
            continue
        sample = next(valid)
        found = Counter(critique.severity for critique in sample.critiques)
        yield contender, score.judge, number, 1, sample.score, found["high"], found["medium"], found["low"]


def _leaves(contender: Contender, score: RubricScore | None) -> Iterator[tuple[csv_text.Cell, ...]]:
    for leaf in score.leaves if score else ():
        yield contender, "rubric", leaf.leaf, int(not leaf.invalid), int(leaf.met), None, None, None
