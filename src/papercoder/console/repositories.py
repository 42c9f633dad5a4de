"""Repositories in a terminal: findings of checks, execution steps, evaluations, and studies that compare them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import (
    CheckReport,
    Contender,
    CritiqueScore,
    Evaluation,
    Problem,
    RubricScore,
    StepResult,
    StudyResults,
)
from papercoder.evaluation.rendering import FITNESS, agreement_words, headline, order_state, order_words, within
from papercoder.evaluation.study import pages
from papercoder.evaluation.study.answers import KEY, Collected
from papercoder.evaluation.study.package import NewStudy
from papercoder.evaluation.study.pages import figure, p_value, pair_words, percent
from papercoder.report.formatting import cost, plural, size

_COLOURS = {"error": "red", "warning": "yellow"}


def show_check(report: CheckReport, console: Console) -> None:
    """Show all findings with location and advice, and the counts per check."""
    for finding in report.findings:
        place = (f"{finding.path}:{finding.line}", "bold")
        severity = (finding.severity, _COLOURS[finding.severity])
        hint = (f"{finding.advice} ({finding.check})", "dim")
        console.print(Text.assemble(place, " ", severity, f" {finding.message} ", hint), soft_wrap=True)
    for line in _summary(report):
        console.print(line, soft_wrap=True)


def _summary(report: CheckReport) -> Iterator[str]:
    found = [count for count in report.counts if count.errors or count.warnings]
    if found:
        yield "; ".join(f"{one.check}: {_count(one.errors, one.warnings)}" for one in found)
    total = _count(len(report.errors), len(report.warnings)) or "no problems found"
    yield f"{total} in {report.files:,} Python files; {len(report.checks)} checks, no code was run"


def _count(errors: int, warnings: int) -> str:
    parts = [
        f"{number:,} {name}{'s' * (number != 1)}"
        for number, name in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(parts)


def show_evaluation(evaluation: Evaluation, folder: Path, console: Console) -> None:
    """Show reasons to distrust the judges first, then scores, costs and the page."""
    for text in (*headline(evaluation), *agreement_words(evaluation)):
        style = "bold red" if text.startswith("UNRELIABLE") else None
        console.print(text, style=style, soft_wrap=True)
    if evaluation.scores or evaluation.by_code:
        console.print(_scores(evaluation))
    for text in (*_orders(evaluation), _costs(evaluation), f"page: {folder / 'evaluation.html'}"):
        console.print(text, soft_wrap=True)


def _scores(evaluation: Evaluation) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("judge", "of", "score", "from", "to", "valid", "invalid"):
        table.add_column(name, justify="left" if name in {"judge", "of"} else "right")
    for score in evaluation.scores:
        for contender, each in _all(evaluation, score):
            table.add_row(score.judge, contender, *_figures(each))
    for contender, leaves in evaluation.by_code.items():
        table.add_row("rubric, code", contender, *_leaves(leaves))
    return table


def _all(evaluation: Evaluation, own: CritiqueScore) -> Iterator[tuple[Contender, CritiqueScore]]:
    """The score of the repository, then the scores of the controls."""
    yield "repository", own
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        yield from ((control.control, score) for score in control.scores if score.judge == own.judge)


def _figures(score: CritiqueScore) -> tuple[str, ...]:
    counts = str(len(score.samples)), str(len(score.invalid))
    if score.score is None:
        return "none", "", "", *counts
    interval = (f"{within(score.score.low):.2f}", f"{within(score.score.high):.2f}") if score.score.n > 1 else ("", "")
    return f"{score.score.mean:.2f}", *interval, *counts


def _leaves(score: RubricScore) -> tuple[str, ...]:
    met = "none" if score.code_dev is None else f"{score.code_dev:.1%}"
    return met, "", "", str(sum(leaf.judgement is not None for leaf in score.leaves)), str(len(score.invalid))


def _orders(evaluation: Evaluation) -> Iterator[str]:
    """The fitness of each judge and the score orders that it violates."""
    calibration = evaluation.calibration
    if calibration is None:
        return
    for each in calibration.judges:
        yield f"{each.judge}: {FITNESS[each.fitness]}"
        for order in calibration.orders:
            if order.judge == each.judge and order.verdict != "holds":
                yield f"  {order_state(order)}: {order_words(order)}"
    for control in calibration.missing:
        yield f"control {control.control} was not made: {control.reason}"


def _costs(evaluation: Evaluation) -> str:
    costs = evaluation.costs
    return (
        f"{costs.calls} calls made; {costs.prompt:,} prompt tokens ({costs.cached:,} cached), {costs.completion:,} "
        f"completion tokens; {cost(costs.cost_usd, costs.unpriced, costs.calls)}; {costs.seconds:.0f} s"
    )


def show_execution_step(step: StepResult, console: Console) -> None:
    """Show an execution step, and the end of its output if it failed."""
    memory = f", {step.peak_memory_mb:.0f} MB" if step.peak_memory_mb else ""
    detail = step.reason or "; ".join(filter(None, (f"{step.seconds:.1f} s{memory}", step.note)))
    console.print(Text.assemble((step.step, "bold"), f" {step.status.replace('_', ' ')}: {detail}"), soft_wrap=True)
    if step.status == "failed":
        console.print(step.output[-3000:], soft_wrap=True)


_MOST_PROBLEMS = 20


def show_new_study(made: NewStudy, folder: Path, console: Console) -> None:
    """The repositories with their sizes, and what to send and to keep."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("paper", "name", "lines", "languages"):
        table.add_column(name, justify="right" if name == "lines" else "left")
    for paper in made.study.papers:
        for each in paper.repositories:
            languages = ", ".join(f"{one.language} {one.lines:,}" for one in each.languages[:4])
            table.add_row(paper.id, each.name, f"{each.lines:,}", languages)
    console.print(table)
    asked = ", ".join(f"{paper.id} {len(paper.required)}" for paper in made.study.papers)
    for text in (
        f"answers to give: {asked}",
        *(f"send to participants: {page} ({size(page.stat().st_size)})" for page in made.pages),
        f"answer here: papercoder study open {folder}",
        f"keep to yourself: {folder / KEY} says who made what. Put the files that come back into {folder / 'answers'}.",
    ):
        console.print(text, soft_wrap=True, highlight=False)


def show_collected(collected: Collected, wait_for: int, console: Console) -> None:
    """How many answers there are, and what is wrong with some."""
    people = plural(len(collected.participants), "participant")
    needed = f" of {wait_for} needed" if collected.complete < wait_for else ""
    counted = f"{plural(collected.complete, 'complete questionnaire')}{needed}"
    console.print(f"{people}, {counted}", soft_wrap=True, highlight=False)
    _show_problems(collected.problems, console)


def _show_problems(problems: Iterable[Problem], console: Console) -> None:
    found = list(problems)
    for each in found[:_MOST_PROBLEMS]:
        console.print(f"{each.kind}: {each.where}: {each.message}", soft_wrap=True, highlight=False, markup=False)
    if len(found) > _MOST_PROBLEMS:
        console.print(f"and {len(found) - _MOST_PROBLEMS} more problems", highlight=False)


def show_study_results(results: StudyResults, page: Path, console: Console) -> None:
    """Makers, pairs, agreement, models, and the page."""
    for text in results.remarks:
        console.print(text, soft_wrap=True, highlight=False, markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("maker", "rankings", "rank score", "first", "faithful", "would use it", "easier"):
        table.add_column(name, justify="left" if name == "maker" else "right")
    for each in results.makers:
        first = "–" if each.first is None else f"{each.first:.0%}"
        figures = (figure(each.rank_score), first, figure(each.faithful), percent(each.use), percent(each.easier))
        table.add_row(each.maker, str(each.ranked), *figures)
    console.print(table)
    lines = [f"{pair_words(pair)}, p {p_value(pair.p_value)}" for pair in results.pairs]
    lines += [
        f"{each.measure}, {each.about}: {'nothing varies' if each.value is None else f'{each.value:.2f}'}"
        for each in results.agreement
    ]
    lines += [
        f"people and {each.judge}: {'nothing varies' if each.rho is None else f'rho {each.rho:.2f}'}"
        for each in results.correlations
    ]
    for text in (pages.headline(results), *lines, f"page: {page}"):
        console.print(text, soft_wrap=True, highlight=False, markup=False)
