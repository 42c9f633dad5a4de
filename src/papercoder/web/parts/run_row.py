"""A run, or a bench, as a row of the list."""

import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

from nicegui import ui

from papercoder.report.formatting import cost, duration, plural
from papercoder.runs.summary import StageSummary
from papercoder.web.runs.overview import BenchCard, RunCard
from papercoder.web.server.layout import Label, Link

TONES = {"complete": "good", "running": "active", "partial": "fair", "interrupted": "bad", "failed": "bad"}
"""Status -> tone of its badge; `none` for all others."""


def draw(card: RunCard, is_ticked: bool, tick: Callable[[str], None]) -> ui.element:
    """Draw the row of a run; returns its checkbox."""
    with ui.element("article").classes("run").mark(f"run-{card.name}"):
        box = _tick(card.name, is_ticked, tick)
        with ui.element("div").classes("who"):
            Link(card.name, f"/run/{quote(card.name)}")
            Label(card.title).classes("title")
            Label(_by(card)).classes("soft small")
        with ui.element("div").classes("how"):
            _badge(card.report.status)
            if card.report.reason:
                Label(card.report.reason).classes("reason soft small")
        with ui.element("div").classes("stages"):
            for stage in card.report.stages:
                _stage(stage, card.report.status == "running")
        with ui.element("div").classes("figures"):
            _figure(*_coverage(card))
            _spent(card.report.cost_usd, card.report.unpriced, card.report.calls.made)
            _figure(ago(time.time() - card.changed), f"{duration(card.report.seconds)} of work")
    return box


def draw_bench(card: BenchCard) -> None:
    """Draw the row of a bench with the statuses of its trials."""
    trials = card.results.trials
    with ui.element("article").classes("run bench").mark(f"bench-{card.name}"):
        with ui.element("div").classes("who"):
            Link(card.name, f"/bench/{quote(card.name)}")
            Label(_papers(card)).classes("soft small")
        with ui.element("div").classes("how"):
            for status, count in Counter(trial.status for trial in trials).items():
                _badge(status, f"{count} {status}")
        _spent(*(sum(getattr(trial, name) for trial in trials) for name in ("cost_usd", "unpriced", "calls")))


def ago(seconds: float) -> str:
    """Elapsed time in its largest unit."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return "just now"


def _tick(name: str, is_ticked: bool, tick: Callable[[str], None]) -> ui.element:
    box = ui.element("input").classes("tick").on("change", lambda: tick(name))
    box.props.update({"type": "checkbox", "checked": is_ticked, "aria-label": f"compare {name}"})
    return box


def _by(card: RunCard) -> str:
    models = ", ".join(dict.fromkeys(_model(name) for name in card.report.models.values()))
    return f"{card.report.profile} with {models}" if models else card.report.profile


def _model(name: str) -> str:
    """A short name of a model: test models have paths and options in their names."""
    kind, _, rest = name.partition(":")
    return kind if "/" in rest or "=" in rest else name


def _badge(status: str, text: str = "") -> None:
    Label(text or status).classes(f"badge {TONES.get(status, 'none')}")


def _stage(stage: StageSummary, is_running: bool) -> None:
    done = stage.made + stage.reused + stage.edited
    left = "active" if is_running else "unfinished"
    text = f"{stage.name}: {stage.open} {left}" if stage.open > 0 else f"{stage.name}: {done} done"
    with ui.element("i").classes(left if stage.open > 0 else "done") as mark:
        Label(text).classes("sr")
    mark.props["title"] = text


def _coverage(card: RunCard) -> tuple[str, str]:
    total = card.report.requirements.total
    return (f"{card.traced} of {total} traced", "requirements") if total else ("–", "no requirements")


def _figure(value: str, label: str) -> None:
    with ui.element("div").classes("figure"):
        Label(value)
        Label(label).classes("soft small")


def _spent(usd: float, unpriced: int, calls: int) -> None:
    _figure(cost(usd, unpriced, calls), plural(calls, "call"))


def _papers(card: BenchCard) -> str:
    trials = card.results.trials
    counts = (
        plural(len({trial.paper for trial in trials}), "paper"),
        plural(len({trial.variant for trial in trials}), "variant"),
        plural(len({trial.model for trial in trials}), "model"),
    )
    return f"{plural(len(trials), 'trial')}: {', '.join(counts)}"
