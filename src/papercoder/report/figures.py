"""The plots of a report: claims against measurements, and time and cost as bars."""

from dataclasses import dataclass

from markupsafe import Markup

from papercoder.artifacts import ClaimResult
from papercoder.report.model import Report
from papercoder.report.plots import Bar, bars, dots
from papercoder.report.words import amount, cost, duration, plural


@dataclass(frozen=True)
class Drawn:
    """A diagram, drawn; or its source, and why it could not be drawn."""

    title: str
    svg: Markup | None
    source: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ClaimGroup:
    """The claims of one table or paragraph, with a plot for each metric that was measured."""

    anchor: str
    results: tuple[ClaimResult, ...]
    plots: tuple[Drawn, ...]


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704  `diagrams.svg` escapes every word and attribute


def claim_groups(report: Report) -> tuple[ClaimGroup, ...]:
    """Claims by the table or paragraph that reports them, in the paper's order."""
    groups: dict[str, list[ClaimResult]] = {}
    for result in report.claims:
        groups.setdefault(result.claim.anchor, []).append(result)
    return tuple(ClaimGroup(anchor, tuple(found), _plots(anchor, found)) for anchor, found in groups.items())


def _plots(anchor: str, results: list[ClaimResult]) -> tuple[Drawn, ...]:
    """One for each metric; metrics without a measurement have nothing to compare."""
    metrics: dict[str, list[ClaimResult]] = {}
    for result in results:
        metrics.setdefault(result.claim.metric, []).append(result)
    return tuple(
        Drawn(metric, _svg(dots(found, f"{metric}, reported in {anchor} and measured")))
        for metric, found in metrics.items()
        if any(result.measured for result in found)
    )


def time_bars(report: Report) -> Markup:
    """Seconds by stage."""
    rows = [Bar(stage.name, stage.seconds, duration(stage.seconds)) for stage in report.summary.stages]
    return _svg(bars(rows, "Time by stage"))


def cost_bars(report: Report) -> Markup:
    """Dollars by agent; tokens, where no price is known or all is free."""
    is_priced = any(use.cost_usd for use in report.agents)
    rows = [
        Bar(
            use.agent,
            use.cost_usd if is_priced else use.prompt + use.completion,
            f"{cost(use.cost_usd, use.unpriced, use.calls)}, {plural(use.calls, 'call')}, "
            f"{amount(use.prompt + use.completion)} tokens",
        )
        for use in report.agents
    ]
    return _svg(bars(rows, "Cost by agent"))
