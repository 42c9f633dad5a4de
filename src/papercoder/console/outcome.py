"""What a run came to, in a terminal: five lines at the end of a command, everything on request."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import ClaimVerdict, Diagnosis
from papercoder.artifacts.reproduction import Reproduction, ReproductionPlan
from papercoder.files.regular import is_file
from papercoder.report.formatting import amount, cost, duration, plural
from papercoder.runs.overview import RequirementsSummary, RunReport, report

VERDICTS: tuple[tuple[ClaimVerdict, str], ...] = (
    ("met", "green"),
    ("differs", "red"),
    ("toy", "cyan"),
    ("inconclusive", "yellow"),
)
"""Verdicts of what was measured, with their colours."""

_LISTED = 10
"""Planned and omitted trials that the plan lists."""


def show_outcome(folder: Path, console: Console) -> RunReport:
    """Show what a run came to in five lines: steps, claims, requirements, cost and the next command.

    Returns:
        Its report.
    """
    found = report(folder)
    is_complete = found.status == "complete"
    reason = f": {found.reason}" if found.reason else ""
    where = f", see {folder / 'report.html'}" if is_file(folder, "report.html") else ""
    title = Text.assemble(
        (str(folder), "bold"), " is ", (found.status, "green" if is_complete else "yellow"), f"{reason}{where}"
    )
    console.print(title, soft_wrap=True)
    claims = dict(sorted(found.claims.items(), key=lambda each: get_args(ClaimVerdict).index(each[0])))
    needs = found.requirements.total
    reviewed = sum(found.verdicts.values())
    verdicts = found.verdicts | ({"not reviewed": needs - reviewed} if needs > reviewed else {})
    tokens = found.tokens
    _show_lines(
        console,
        steps="; ".join(_steps(found)) or "nothing was executed",
        claims=f"{_counts(claims)} of {sum(claims.values())}" if claims else "nothing was measured",
        requirements=f"{_counts(verdicts)} of {needs}" if needs else "none were extracted",
        cost=f"{cost(found.cost_usd, found.unpriced, found.calls.made)}, {plural(found.calls.made, 'call')}, "
        f"{amount(tokens.prompt)} tokens in, {amount(tokens.completion)} out, {duration(found.seconds)}",
        next=_next(found),
    )
    return found


def _show_lines(console: Console, **lines: str) -> None:
    width = max(map(len, lines))
    for name, text in lines.items():
        console.print(Text.assemble((f"{name:<{width}}", "dim"), f"  {text}"), soft_wrap=True)


def _next(found: RunReport) -> str:
    if not found.next:
        return "nothing is left to do"
    return f"{found.next[0].command}   {found.next[0].reason}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def _steps(found: RunReport) -> Iterator[str]:
    """`install, import passed`: the steps of each status, failures first."""
    for state in ("failed", "skipped", "passed"):
        if names := [name for name, each in found.steps.items() if each == state]:
            yield f"{', '.join(names)} {state}"


def show_report(folder: Path, console: Console) -> RunReport:
    """Show a run: what it made, its cost, what is open and where to look. Returns its report."""
    found = report(folder)
    console.print(Text.assemble((found.paper, "bold"), f" → {folder}: {found.status}"), soft_wrap=True)
    if found.reason:
        console.print(found.reason, soft_wrap=True)
    console.print(_stages(found))
    if found.agents:
        console.print(_agents(found))
    for text in (
        *_figures(found),
        *_requirements(found.requirements),
        *_outcome(found),
        *_where(folder, found),
    ):
        console.print(text, soft_wrap=True)
    for warning in found.warnings:
        console.print(Text.assemble(("warning", "yellow"), f" {warning}"), soft_wrap=True)
    return found


def _stages(found: RunReport) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("stage", "made", "reused", "edited", "seconds"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage in found.stages:
        table.add_row(stage.name, str(stage.made), str(stage.reused), str(stage.edited), f"{stage.seconds:.1f}")
    return table


def _agents(found: RunReport) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("agent", "calls", "prompt tokens", "cached", "completion tokens", "cost"):
        table.add_column(name, justify="left" if name == "agent" else "right")
    for use in found.agents:
        tokens = (f"{number:,}" for number in (use.prompt, use.cached, use.completion))
        table.add_row(use.agent, str(use.calls), *tokens, cost(use.cost_usd, use.unpriced, use.calls))
    return table


def _figures(found: RunReport) -> Iterator[str]:
    calls, tokens = found.calls, found.tokens
    yield (
        f"{calls.made} calls made, {calls.reused} reused, {calls.retried} retried, {calls.rejected} answers rejected; "
        f"{tokens.prompt:,} prompt tokens ({tokens.cached:,} cached), {tokens.completion:,} completion tokens; "
        f"{cost(found.cost_usd, found.unpriced, calls.made)}; {duration(found.seconds)}"
    )


def _requirements(found: RequirementsSummary) -> Iterator[str]:
    if not found.total:
        return
    counts = ", ".join(f"{count} {status}" for status, count in sorted(found.by_status.items()))
    yield f"{found.total} requirements: {counts}"
    if found.unowned:
        yield f"without an owner: {', '.join(found.unowned)}"
    if found.unmarked:
        yield f"without a mark in the code: {', '.join(found.unmarked)}"


def _outcome(found: RunReport) -> Iterator[str]:
    """What was observed when the code ran, and what to do next."""
    if found.steps:
        yield f"steps: {'; '.join(_steps(found))}"
    if found.claims:
        counts = (f"{found.claims.get(verdict, 0)} {verdict.replace('_', ' ')}" for verdict in get_args(ClaimVerdict))
        yield f"claims: {', '.join(counts)}"
    for step in found.next:
        yield f"next: {step.command}   {step.reason}"


def _where(folder: Path, found: RunReport) -> Iterator[str]:
    if found.edited:
        yield f"your edits, unchanged: {', '.join(found.edited)}"
    if is_file(folder, "report.html"):
        yield f"report: {folder / 'report.html'}"
    if found.files:
        yield f"repository: {len(found.files)} files in {folder / 'repo'}"
    if "TRACEABILITY.md" in found.files:
        yield f"traceability: {folder / 'repo' / 'TRACEABILITY.md'}"


def show_plan(plan: ReproductionPlan, console: Console) -> None:
    """Show which trials run, in which order, and what stays out."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("trial", "about", "decides"):
        table.add_column(name)
    for trial in plan.trials[:_LISTED]:
        about = "?" if trial.seconds is None else duration(trial.seconds)
        table.add_row(trial.id, about, ", ".join(trial.decides))
    console.print(table)
    if more := plan.trials[_LISTED:]:
        console.print(
            f"… and {plural(len(more), 'more trial')} that decide {sum(len(trial.decides) for trial in more)} claims"
        )
    for omitted in plan.omitted[:_LISTED]:
        console.print(f"left out: {omitted.id}, because {omitted.reason}", soft_wrap=True)
    if len(plan.omitted) > _LISTED:
        console.print(f"left out: {len(plan.omitted) - _LISTED} more")


def show_reproduction(found: Reproduction, folder: Path, console: Console) -> None:
    """Five lines: trials, claims, time, what is left out and the next command."""
    verdicts = Counter([each.verdict for each in found.claims.items])
    verdicts.update(each.verdict for each in found.claims.orderings)
    failed = f", {len(found.failed)} failed ({found.failed[0].id}: {found.failed[0].reason})" if found.failed else ""
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict, _ in VERDICTS)
    scale = f" at scale {found.options.scale:g}" if found.options.scale < 1 else ""
    missing = f": {found.omitted[0].id}, because {found.omitted[0].reason}" if found.omitted else ""
    lines = {
        "trials": f"{found.measured} of {found.trials} measured{scale}{failed}",
        "claims": f"{counts}, {verdicts['not_run']} not run",
        "time": f"{duration(found.seconds)} of {duration(found.options.budget)}, {found.share_used:.0%} of it in "
        "trials that now have a result",
        "left out": f"{plural(len(found.omitted), 'trial')}{missing}",
        "next": _next(report(folder)),
    }
    _show_lines(console, **lines)


def show_diagnosis(found: Diagnosis, folder: Path, console: Console) -> None:
    """A line for each hypothesis, then the outcome of the run."""
    if not found.hypotheses:
        console.print("No claim that was measured at full scale differs, or nothing plausible explains those that do.")
    for attempt in found.attempts:
        hypothesis = found.hypothesis(attempt.hypothesis)
        console.print(
            f"{attempt.hypothesis} {attempt.status.replace('_', ' ')}: {hypothesis.statement} {attempt.reason}",
            soft_wrap=True,
        )
    if found.kept:
        console.print("A reading that was chosen for its results is marked as such: among many, one fits by chance.")
    show_outcome(folder, console)
