"""A plot of what trials cost against what they score."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from markupsafe import Markup

from papercoder.bench.results.grouping import Trials, per_paper
from papercoder.bench.results.metrics import COST, JUDGES, Metric
from papercoder.bench.results.plots import Groups, Plot
from papercoder.diagrams.svg import drawing, group, line, node, words
from papercoder.diagrams.text import one_line, shortened
from papercoder.report.plots import ticks
from papercoder.report.words import figure, money

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _NAMES = 520.0, 300.0, 44.0, 44.0, 130.0
_LINE = 15.0
"""From a name to the next."""


@dataclass(frozen=True)
class _Point:
    """A setting."""

    name: str
    cost: float
    score: float
    papers: tuple[tuple[float, float], ...]
    """Cost and score of each."""


@dataclass(frozen=True)
class _Scale:
    """From dollars and scores to places on the plot."""

    most: float
    low: float
    high: float
    height: float
    """Of the whole plot."""

    def x(self, cost: float) -> float:
        return _LEFT + cost / self.most * (_WIDTH - _LEFT - _NAMES)

    def y(self, score: float) -> float:
        bottom = self.height - _BOTTOM
        return bottom - (score - self.low) / (self.high - self.low) * (bottom - 12)


def cost_against(metric: Metric, groups: Groups) -> Plot | None:
    """Dollars a trial against a score: a named dot for each setting, a faint one for each paper; None without costs."""
    points = [point for name, trials in groups.items() if (point := _point(metric, name, trials))]
    most = max([cost for point in points for cost, _ in point.papers], default=0.0)
    if not most:
        return None
    height = max(_HEIGHT, (len(points) + 1) * _LINE)
    scale = _Scale(most * 1.02, *((1.0, 5.0) if metric in JUDGES else (0.0, 1.0)), height)
    parts = [*_grid(scale, metric), *_dots(points, scale), *_names(points, scale)]
    about = "; ".join(f"{point.name}: {money(point.cost)}, {metric.shown(point.score)}" for point in points)
    svg = drawing(parts, _WIDTH, height, f"Cost against {metric.label}", about)
    return Plot(
        f"Cost against {metric.label}",
        "Means of the variants, named; a faint dot for each paper. What judges cost is left out.",
        Markup(svg),  # noqa: S704  `diagrams.svg` escapes every word and attribute
    )


def _point(metric: Metric, name: str, trials: Trials) -> _Point | None:
    scored, paid = per_paper(metric, trials), per_paper(COST, trials)
    papers = tuple((paid[paper], scored[paper]) for paper in scored if paper in paid)
    if not papers:
        return None
    return _Point(name, fmean(cost for cost, _ in papers), fmean(score for _, score in papers), papers)


def _grid(scale: _Scale, metric: Metric) -> Iterator[Markup]:
    top, bottom, right = scale.y(scale.high), scale.y(scale.low), scale.x(scale.most)
    for tick in ticks(0, scale.most):
        x = scale.x(tick)
        yield line(x, top, x, bottom, "rule")
        yield words(money(tick), x, bottom + 17, "soft small", "middle")
    for tick in ticks(scale.low, scale.high):
        y = scale.y(tick)
        yield line(_LEFT, y, right, y, "rule")
        yield words(figure(tick) if metric in JUDGES else f"{100 * tick:.0f} %", _LEFT - 7, y + 4, "soft small", "end")
    yield words("dollars for a trial", right, scale.height - 6, "soft small", "end")


def _dots(points: Iterable[_Point], scale: _Scale) -> Iterator[Markup]:
    for point in points:
        dots = [node("circle", cx=scale.x(cost), cy=scale.y(score), r=3, class_="band") for cost, score in point.papers]
        yield group(dots, title=point.name)


def _names(points: Iterable[_Point], scale: _Scale) -> Iterator[Markup]:
    """The means, each with its name in a column at the right."""
    points = sorted(points, key=lambda point: -point.score)
    places = _apart([scale.y(point.score) + 4 for point in points], scale.height)
    for point, at in zip(points, places, strict=True):
        x, y = scale.x(point.cost), scale.y(point.score)
        yield line(x, y, _WIDTH - _NAMES + 10, at - 4, "rule")
        yield node("circle", cx=x, cy=y, r=4.5, class_="dot reported")
        yield words(shortened(one_line(point.name), 18), _WIDTH - _NAMES + 14, at, "mid", full=point.name)


def _apart(wanted: Sequence[float], height: float) -> list[float]:
    """Places from the top down, each as near to the wanted one as no two overlap and none lies below the plot."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + _LINE) if places else place)
    lowest = height - 8
    for index in reversed(range(len(places))):
        places[index] = lowest = min(places[index], lowest)
        lowest -= _LINE
    return places
