"""Renders an evaluation as one self-contained HTML page and as a CSV table; text from models is escaped."""

import csv
import io
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
    Interval,
    LeafScore,
    Rubric,
    RubricScore,
    Severity,
)
from papercoder.evaluation import formatting
from papercoder.evaluation.rubric.rubric import weighted
from papercoder.plots.rows import Row, intervals
from papercoder.report.formatting import SIGNS
from papercoder.report.rendering import environment, sheet, style

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
        "headline": formatting.headline(evaluation) or ("Nothing was judged.",),
        "plots": plots(evaluation),
        "tree": branch(tree, rubric) if tree and rubric else None,
        "agreement": tuple(formatting.agreement_words(evaluation)),
    }


def _css() -> Markup:
    return sheet("papercoder.evaluation", "results.css")


@cache
def _environment() -> Environment:
    made = environment("papercoder.evaluation")
    made.filters |= {
        "by_severity": by_severity,
        "difference": formatting.difference_figure,
        "fitness": formatting.FITNESS.__getitem__,
        "known": formatting.known,
        "leaf_state": formatting.leaf_state,
        "leaves": formatting.code_words,
        "must": formatting.must,
        "noise": formatting.noise_figure,
        "order": formatting.order_words,
        "order_state": formatting.order_state,
        "score": formatting.score_words,
        "sign": lambda state: SIGNS[_tone(state)],
        "tone": _tone,
    }
    return made


def _tone(state: str) -> str:
    return formatting.TONES.get(state, "none")


def plots(evaluation: Evaluation) -> tuple[Plot, ...]:
    """Scores with intervals: one plot per judge with the controls, or one plot with all judges without controls."""
    if evaluation.calibration:
        return (*(_plot(score.judge, _rows(evaluation, score)) for score in evaluation.scores), *_code_plot(evaluation))
    rows = [Row(score.judge, score.score) for score in evaluation.scores]
    return (_plot("Scores", rows),) if rows else ()


def _plot(title: str, rows: list[Row]) -> Plot:
    return Plot(title, intervals(tuple(rows), formatting.LOWEST, formatting.HIGHEST, title))


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
    groups = {level: [each for each in found if each.critique.severity == level] for level in formatting.SEVERITIES}
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


Cell = str | int | None


def to_csv(evaluation: Evaluation) -> str:
    """The evaluation as a table with a header: one row per sample of a judge and per leaf of a rubric."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_csv_rows(evaluation))
    return text.getvalue()


def _csv_rows(evaluation: Evaluation) -> Iterator[tuple[Cell, ...]]:
    for score in evaluation.scores:
        yield from _samples("repository", score)
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        for score in control.scores:
            yield from _samples(control.control, score)
    yield from _leaves("repository", evaluation.rubric)
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        yield from _leaves(control.control, control.rubric)


def _samples(contender: Contender, score: CritiqueScore) -> Iterator[tuple[Cell, ...]]:
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


def _leaves(contender: Contender, score: RubricScore | None) -> Iterator[tuple[Cell, ...]]:
    for leaf in score.leaves if score else ():
        yield contender, "rubric", leaf.leaf, int(not leaf.invalid), int(leaf.met), None, None, None
