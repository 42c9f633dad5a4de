"""HTML pages of results and comparisons, without scripts or external files; all text is escaped."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from papercoder.artifacts import BenchEntryResult, BenchResults, ClaimSummary
from papercoder.bench.results import wording
from papercoder.bench.results.comparison import Comparison, SettingComparison
from papercoder.bench.results.metrics import (
    CALLS,
    CLAIMS,
    CODE_DEV,
    COST,
    COVERAGE,
    FINDINGS,
    JUDGES,
    NAMED,
    RUBRIC,
    SECONDS,
    VERDICTS,
    Entries,
    Metric,
    grouped,
    hours,
    mean_of,
    papers_of,
    shares,
    verdict_label,
)
from papercoder.bench.results.plots import (
    Groups,
    Plot,
    ablation_steps,
    changes,
    claim_shares,
    claim_verdicts,
    cost_against,
    execution_steps,
    scores,
)
from papercoder.report.formatting import SIGNS, cost
from papercoder.report.model import STEPS
from papercoder.report.rendering import environment, sheet, style
from papercoder.runs.folder import write_synced

PAGE = "bench.html"
_SHARES: tuple[Metric, ...] = (RUBRIC, CODE_DEV, COVERAGE, CLAIMS)
_PLOTTED: tuple[Metric, ...] = (*JUDGES[2:], *JUDGES[:2], *_SHARES)
"""The most important metric first."""

_COLUMNS: tuple[Metric, ...] = (COVERAGE, CLAIMS, *JUDGES, RUBRIC, CODE_DEV, FINDINGS, CALLS, COST, SECONDS)
_PAGES = {"report": "report.html", "evaluation": "evaluation/evaluation.html"}


Links = Callable[[BenchEntryResult], dict[str, str]]
"""From an entry to its pages: name -> address."""


@dataclass(frozen=True)
class Linked:
    """An entry and its pages."""

    entry: BenchEntryResult
    setting: str
    links: dict[str, str]
    """Name -> address."""


def write_page(folder: Path, results: BenchResults) -> Path:
    """Write `bench.html` into the bench's folder.

    Raises:
        RunFolderError: it cannot be written.
    """
    write_synced(folder / PAGE, to_html(results, folder))
    return folder / PAGE


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Write the page of a comparison.

    Raises:
        RunFolderError: it cannot be written.
    """
    write_synced(path, comparison_html(comparison))


def to_html(results: BenchResults, folder: Path) -> str:
    """The page of a bench; `folder` has its entries and their pages."""
    return _render("bench.html", "page.html", **_values(results, lambda entry: _links(folder, entry)))


def body(results: BenchResults, links: Links) -> Markup:
    """The content of a bench's page, for a page that has the style's parts and `body_style`."""
    return Markup(_render("bench.html", "body.html", **_values(results, links)))  # noqa: S704  the template escapes


def body_style(within: str) -> str:
    """The look of `body` and `comparison_body` within a selector."""
    return f"{within} {{\n{_css()}}}\n"


def _values(results: BenchResults, links: Links) -> dict[str, Any]:
    groups = by_setting(results)
    names = {entry.entry: name for name, entries in groups.items() for entry in entries}
    linked = {entry.entry: Linked(entry, names[entry.entry], links(entry)) for entry in results.entries}
    by_paper = grouped(results.entries, lambda entry: entry.paper)
    return {
        "results": results,
        "headline": wording.summary(results),
        "groups": groups,
        "columns": _observed(_COLUMNS, results),
        "ran": any(entry.executed for entry in results.entries),
        "broken": [one for status in ("failed", "partial") for one in linked.values() if one.entry.status == status],
        "claims": {_setting_name(results, one): one for one in results.claims},
        "papers": {paper: [linked[entry.entry] for entry in entries] for paper, entries in by_paper.items()},
        "plots": _plots(results, groups),
        "repeats": any(entry.repeat > 1 for entry in results.entries),
    }


def comparison_html(comparison: Comparison) -> str:
    """The page of a comparison."""
    return _render("compare.html", "page.html", **_comparison_values(comparison))


def comparison_body(comparison: Comparison) -> Markup:
    """The content of a comparison's page, as in `body`."""
    return Markup(_render("compare.html", "body.html", **_comparison_values(comparison)))  # noqa: S704  the template escapes


def _comparison_values(comparison: Comparison) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "headline": wording.headline(comparison),
        "plots": [_contrast_plots(contrast) for contrast in comparison.contrasts],
    }


def by_setting(results: BenchResults) -> dict[str, list[BenchEntryResult]]:
    """Variant, with the model if there are several -> its entries, in the manifest's order."""
    return grouped(results.entries, lambda entry: _setting_name(results, entry))


def _setting_name(results: BenchResults, one: BenchEntryResult | ClaimSummary) -> str:
    """Its variant, with the model if there are several."""
    many = len({entry.model for entry in results.entries}) > 1
    return f"{one.variant} · {one.model}" if many else one.variant


def smoke_passed(entries: Entries) -> str:
    """How many passed the smoke run; empty if none was run."""
    passed = sum("smoke" in entry.steps for entry in entries)
    return f"{passed} of {len(entries)}" if any(entry.executed for entry in entries) else ""


def _observed(metrics: tuple[Metric, ...], results: BenchResults) -> list[Metric]:
    return [metric for metric in metrics if any(metric.of(entry) is not None for entry in results.entries)]


def _links(folder: Path, entry: BenchEntryResult) -> dict[str, str]:
    """Only pages that exist, in the entry's own folder."""
    own = quote(entry.entry, safe="")
    safe = "/" not in entry.entry and entry.entry not in {"", ".", ".."}
    return {name: f"{own}/{page}" for name, page in _PAGES.items() if safe and (folder / entry.entry / page).is_file()}


def _plots(results: BenchResults, groups: Groups) -> list[Plot]:
    """The most important first: the main score, what each step adds to it, and its cost."""
    metrics = _observed(_PLOTTED, results)
    plots: list[Plot | None] = []
    for metric in metrics[:1]:
        plots += [scores(metric, groups), *_ablations(metric, results), cost_against(metric, groups)]
    plots += [scores(metric, groups) for metric in metrics[1:]]
    if results.claims:
        names = [_setting_name(results, one) for one in results.claims]
        plots = [claim_shares(results.claims, names), claim_verdicts(results.claims, names), *plots]
    if any(entry.executed for entry in results.entries):
        plots.append(execution_steps(groups))
    return [plot for plot in plots if plot]


def _ablations(metric: Metric, results: BenchResults) -> list[Plot | None]:
    """For each model, what each variant adds to the one before."""
    by_model = grouped(results.entries, lambda entry: entry.model)
    return [
        ablation_steps(metric, grouped(entries, lambda entry: entry.variant), model if len(by_model) > 1 else "")
        for model, entries in by_model.items()
    ]


def _contrast_plots(contrast: SettingComparison) -> list[Plot]:
    """Differences of scores, and those of shares."""
    kinds = {"Differences of scores, 1 to 5": JUDGES, "Differences of shares, percentage points": _SHARES}
    plots = []
    for title, metrics in kinds.items():
        rows = [(NAMED[one.metric].label, one) for one in contrast.differences if NAMED[one.metric] in metrics]
        if rows:
            about = "After minus before, paper by paper, with the 95 % interval for three papers or more."
            plots.append(Plot(title, about, changes(rows, title)))
    return plots


def _render(template: str, layout: str, **values: Any) -> str:
    look = style() + _css()
    return (
        _environment()
        .get_template(template)
        .render(layout=layout, style=look, all_steps=STEPS, verdicts=VERDICTS, **values)
    )


def _css() -> Markup:
    return sheet("papercoder.bench", "bench.css")


@cache
def _environment() -> Environment:
    templates = environment("papercoder.bench")
    templates.filters |= {
        "p_value": wording.p_value,
        "change": wording.change,
        "mean": lambda entries, metric: mean_of(metric, entries),
        "metric": NAMED.__getitem__,
        "remarks": wording.remarks,
        "paper_count": papers_of,
        "smoke_passed": smoke_passed,
        "sign": lambda state: SIGNS[_tone(state)],
        "shares": shares,
        "hours": hours,
        "cost_of": lambda one: cost(one.cost_usd, one.unpriced, one.calls),
        "verdict_label": verdict_label,
        "spread": wording.spread,
        "tone": _tone,
        "verdict": wording.VERDICTS.__getitem__,
    }
    return templates


def _tone(state: str) -> str:
    return wording.TONES.get(state, "none")
