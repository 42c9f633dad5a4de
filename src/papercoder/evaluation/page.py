"""The report of an evaluation: one page that loads nothing; all words of models are escaped."""

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
from papercoder.evaluation import wording
from papercoder.evaluation.rubric.rubric import weighted
from papercoder.plots.rows import Row, intervals
from papercoder.report.formatting import SIGNS
from papercoder.report.rendering import environment, sheet, style

_SHOWN: tuple[Contender, ...] = ("repository", "authors", "mutated", "shuffled", "config-only", "empty")


@dataclass(frozen=True)
class Branch:
    """A node of the rubric, with what its leaves come to."""

    node: Rubric
    share: float
    """Of its parent's score, 0 to 1."""

    score: float
    """0 to 1."""

    parts: tuple["Branch", ...]
    leaf: LeafScore | None
    """None for nodes that are no leaf."""

    @property
    def leaves(self) -> tuple[LeafScore, ...]:
        """From the first to the last."""
        own = (self.leaf,) if self.leaf else ()
        return (*own, *(leaf for part in self.parts for leaf in part.leaves))


@dataclass(frozen=True)
class Found:
    """A critique and the sample that it is from."""

    sample: int
    """Counted from 1 among the valid ones."""

    critique: CodeCritique


@dataclass(frozen=True)
class Plot:
    """A drawing and its title."""

    title: str
    svg: Markup


def to_html(evaluation: Evaluation) -> str:
    """The page."""
    values = {**_values(evaluation), "style": style() + _css()}
    return _environment().get_template("evaluation.html").render(**values)


def body(evaluation: Evaluation) -> Markup:
    """What the page says, for another page that has the style's parts and `body_style`."""
    text = _environment().get_template("judged.html").render(**_values(evaluation))
    return Markup(text)  # noqa: S704  the template escapes


def body_style(within: str) -> str:
    """The look of `body` within a selector."""
    return f"{within} {{\n{_css()}}}\n"


def _values(evaluation: Evaluation) -> dict[str, object]:
    tree, rubric = evaluation.tree, evaluation.rubric
    return {
        "evaluation": evaluation,
        "headline": wording.headline(evaluation) or ("Nothing was judged.",),
        "plots": plots(evaluation),
        "tree": branch(tree, rubric) if tree and rubric else None,
        "agreement": tuple(wording.agreement_words(evaluation)),
    }


def _css() -> Markup:
    return sheet("papercoder.evaluation", "judged.css")


@cache
def _environment() -> Environment:
    made = environment("papercoder.evaluation")
    made.filters |= {
        "by_severity": by_severity,
        "difference": wording.difference_figure,
        "fitness": wording.FITNESS.__getitem__,
        "known": wording.known,
        "leaf_state": wording.leaf_state,
        "leaves": wording.code_words,
        "must": wording.must,
        "noise": wording.noise_figure,
        "order": wording.order_words,
        "order_state": wording.order_state,
        "score": wording.score_words,
        "sign": lambda state: SIGNS[_tone(state)],
        "tone": _tone,
    }
    return made


def _tone(state: str) -> str:
    return wording.TONES.get(state, "none")


def plots(evaluation: Evaluation) -> tuple[Plot, ...]:
    """Scores with their intervals: each judge's of repository and controls, or all judges' of the repository alone."""
    if evaluation.calibration:
        return (*(_plot(score.judge, _rows(evaluation, score)) for score in evaluation.scores), *_code_plot(evaluation))
    rows = [Row(score.judge, score.score) for score in evaluation.scores]
    return (_plot("Scores", rows),) if rows else ()


def _plot(title: str, rows: list[Row]) -> Plot:
    return Plot(title, intervals(tuple(rows), wording.LOWEST, wording.HIGHEST, title))


def _code_plot(evaluation: Evaluation) -> Iterator[Plot]:
    """By the rubric's leaves of code, where controls were judged too; each is judged once, so there is no interval."""
    judged = {name: _code_row(name, score) for name, score in evaluation.by_code.items()}
    if rows := [judged[name] for name in _SHOWN if name in judged]:
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
    return [judged[name] for name in _SHOWN if name in judged]


def by_severity(score: CritiqueScore) -> dict[Severity, list[Found]]:
    """All samples' critiques, the gravest first, then by file and function."""
    found = sorted(_found(score), key=lambda each: (each.critique.file, each.critique.function, each.sample))
    groups = {level: [each for each in found if each.critique.severity == level] for level in wording.SEVERITIES}
    return {level: group for level, group in groups.items() if group}


def _found(score: CritiqueScore) -> Iterator[Found]:
    for number, sample in enumerate(score.samples, 1):
        yield from (Found(number, critique) for critique in sample.critiques)


def branch(rubric: Rubric, score: RubricScore) -> Branch:
    """The rubric's tree with its verdicts."""
    leaves = {leaf.leaf: leaf for leaf in score.leaves}
    met = {name: float(leaf.met) for name, leaf in leaves.items()}

    def grown(node: Rubric, share: float) -> Branch:
        total = sum(part.weight for part in node.sub_tasks) or 1.0
        parts = tuple(grown(part, part.weight / total) for part in node.sub_tasks)
        return Branch(node, share, weighted(node, met), parts, None if parts else leaves.get(node.id))

    return grown(rubric, 1.0)
