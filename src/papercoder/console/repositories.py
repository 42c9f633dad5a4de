"""A repository in a terminal: findings of checks, execution steps, and evaluations."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import Contender, CritiqueScore, Evaluation, RubricScore, StepResult
from papercoder.artifacts.checking import CheckReport
from papercoder.evaluation.rendering import FITNESS, agreement_words, headline, order_state, order_words, within
from papercoder.report.formatting import cost

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
