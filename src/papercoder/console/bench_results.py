"""Results of a bench in a terminal: a row per paper and variant, and a row per variant over all papers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.table import Table

from papercoder.artifacts import BenchResults, BenchTrialResult
from papercoder.bench.results import wording
from papercoder.bench.results.grouping import Trials, grouped, mean_of
from papercoder.bench.results.metrics import CLAIMS, CODE_DEV, COST, COVERAGE, JUDGES, RUBRIC, SECONDS, Metric

NOTHING = "–"
"""Shown for values that were not observed."""


@dataclass(frozen=True)
class Column:
    """A column of the results table; each cell summarises a group of trials."""

    label: str
    cell: Callable[[Trials], str]


def show_results(results: BenchResults, console: Console) -> None:
    """Show all observations, incomplete trials with their reasons, and totals."""
    many = len({trial.model for trial in results.trials}) > 1
    names = ("variant", "model") if many else ("variant",)
    console.print(_table(results.trials, ("paper", *names)))
    if len({trial.paper for trial in results.trials}) > 1:
        console.print(_table(results.trials, names))
    for trial in results.trials:
        if trial.status != "complete":
            console.print(f"{trial.trial}: {trial.status}: {trial.reason}", soft_wrap=True)
    console.print(wording.summary(results), soft_wrap=True)


def _table(trials: Iterable[BenchTrialResult], names: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    groups = grouped(trials, lambda trial: tuple(str(getattr(trial, name)) for name in names))
    columns = [column for column in _columns() if any(column.cell(group) != NOTHING for group in groups.values())]
    for name in (*names, *(column.label for column in columns)):
        table.add_column(name, justify="left" if name in names else "right", no_wrap=True)
    for key, group in groups.items():
        table.add_row(*key, *(column.cell(group) for column in columns))
    return table


def _columns() -> Iterator[Column]:
    yield Column("complete", _complete)
    yield Column("steps", _steps)
    yield Column("coverage", partial(_part, COVERAGE, "implemented", "requirements"))
    yield Column("claims met", partial(_part, CLAIMS, "claims_met", "claims"))
    for metric in (*JUDGES, RUBRIC, CODE_DEV):
        yield Column(metric.label, partial(_mean, metric))
    for metric in (COST, SECONDS):
        yield Column(metric.label, partial(_bare, metric))


def _complete(trials: Trials) -> str:
    return f"{sum(trial.status == 'complete' for trial in trials)}/{len(trials)}"


def _steps(trials: Trials) -> str:
    """The last step that passed; for several trials, how many passed the smoke step."""
    if not any(trial.executed for trial in trials):
        return NOTHING
    if len(trials) == 1:
        return trials[0].steps[-1] if trials[0].steps else "none"
    return f"smoke {sum('smoke' in trial.steps for trial in trials)}/{len(trials)}"


def _part(metric: Metric, part: str, whole: str, trials: Trials) -> str:
    """A count out of a total; for several trials, the mean share."""
    if len(trials) == 1 and metric.of(trials[0]) is not None:
        return f"{getattr(trials[0], part)}/{getattr(trials[0], whole)}"
    return _mean(metric, trials)


def _bare(metric: Metric, trials: Trials) -> str:
    found = mean_of(metric, trials)
    return metric.shown(found.mean) if found else NOTHING


def _mean(metric: Metric, trials: Trials) -> str:
    found = mean_of(metric, trials)
    if found is None:
        return NOTHING
    mean = metric.shown(found.mean)
    return f"{mean} [{metric.shown(found.low)}, {metric.shown(found.high)}]" if found.high > found.low else mean
