"""A plot of how far the code of each setting was seen to run."""

from collections import Counter
from collections.abc import Iterator, Mapping

from markupsafe import Markup

from papercoder.artifacts import TrialResult
from papercoder.bench.results.grouping import Trials
from papercoder.bench.results.plots import Groups, Plot
from papercoder.diagrams.svg import drawing, group, node, words
from papercoder.diagrams.text import one_line, shortened
from papercoder.report.model import STEPS
from papercoder.report.words import plural

_NONE = "none"
_HIGHEST: tuple[str, ...] = (_NONE, *STEPS)
_WIDTH, _LEFT, _HEAD, _ROW = 860.0, 150.0, 34.0, 30.0


def execution_steps(groups: Groups) -> Plot:
    """For each setting, how many trials got up to which step."""
    parts = [*_legend()]
    for index, (name, trials) in enumerate(groups.items()):
        y = _HEAD + index * _ROW
        parts.append(words(shortened(one_line(name), 20), 0, y + 15, "mid", full=name))
        parts += _stack(Counter(map(_highest, trials)), y, (_WIDTH - _LEFT) / len(trials))
    about = "; ".join(_said(name, trials) for name, trials in groups.items())
    svg = drawing(parts, _WIDTH, _HEAD + len(groups) * _ROW, "Highest step seen", about)
    return Plot(
        "How far the code was seen to run",
        "Trials by the highest step that was seen of each; what was not run was not seen.",
        Markup(svg),  # noqa: S704  `diagrams.svg` escapes every word and attribute
        wide=True,
    )


def _highest(trial: TrialResult) -> str:
    return trial.steps[-1] if trial.steps else _NONE


def _said(name: str, trials: Trials) -> str:
    counts = Counter(map(_highest, trials))
    return f"{name}: {', '.join(f'{counts[step]} {step}' for step in _HIGHEST if counts[step])}"


def _legend() -> Iterator[Markup]:
    for index, step in enumerate(_HIGHEST):
        x = _LEFT + index * 98
        yield _segment(step, x, 4, 14, 14)
        yield words("no step" if step == _NONE else step, x + 20, 15, "soft small")


def _stack(counts: Mapping[str, int], y: float, unit: float) -> Iterator[Markup]:
    left = _LEFT
    for step in _HIGHEST:
        if count := counts.get(step, 0):
            size = count * unit
            number = words(str(count), left + size / 2 - 1, y + 15, "mid name", "middle")
            yield group([_segment(step, left, y + 1, size - 2, 20), number], title=f"{plural(count, 'trial')}: {step}")
            left += size


def _segment(step: str, x: float, y: float, width: float, height: float) -> Markup:
    """The higher the step, the fuller the colour; a dashed frame where there is none."""
    box: dict[str, float] = {"x": x, "y": y, "width": max(width, 1), "height": height, "rx": 2}
    if step == _NONE:
        return node("rect", class_="frame dashed", **box)
    return node("rect", class_="bar", style=f"fill-opacity:{0.08 + 0.1 * _HIGHEST.index(step):.2f}", **box)
