"""Runs, execution steps and models in a terminal."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from papercoder.artifacts import ClaimVerdict, StepResult
from papercoder.console.progress import money
from papercoder.files.regular import is_file
from papercoder.runs.overview import RequirementsSummary, RunReport, report


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
        *_outcome(folder, found),
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
        table.add_row(use.agent, str(use.calls), *tokens, money(use.cost_usd, use.unpriced))
    return table


def _figures(found: RunReport) -> Iterator[str]:
    calls, tokens = found.calls, found.tokens
    yield (
        f"{calls.made} calls made, {calls.reused} reused, {calls.retried} retried, {calls.rejected} answers rejected; "
        f"{tokens.prompt:,} prompt tokens ({tokens.cached:,} cached), {tokens.completion:,} completion tokens; "
        f"{money(found.cost_usd, found.unpriced)}; {found.seconds:.0f} s"
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


def _outcome(folder: Path, found: RunReport) -> Iterator[str]:
    """What was observed when the code ran, and what to do next."""
    if found.steps:
        states = sorted(set(found.steps.values()), key=("failed", "skipped", "passed").index)
        named = (
            f"{', '.join(name for name, each in found.steps.items() if each == state)} {state}" for state in states
        )
        yield f"steps: {'; '.join(named)}"
    if found.claims:
        counts = (f"{found.claims.get(verdict, 0)} {verdict.replace('_', ' ')}" for verdict in get_args(ClaimVerdict))
        yield f"claims: {', '.join(counts)}"
    elif found.steps.get("smoke") == "passed" and not is_file(folder, "reproduction/claims.json"):
        yield f"next: papercoder reproduce {folder}, to measure the paper's claims"


def _where(folder: Path, found: RunReport) -> Iterator[str]:
    if found.edited:
        yield f"your edits, unchanged: {', '.join(found.edited)}"
    if is_file(folder, "report.html"):
        yield f"report: {folder / 'report.html'}"
    if found.files:
        yield f"repository: {len(found.files)} files in {folder / 'repo'}"
    if "TRACEABILITY.md" in found.files:
        yield f"traceability: {folder / 'repo' / 'TRACEABILITY.md'}"


def show_execution_step(step: StepResult, console: Console) -> None:
    """Show an execution step, and the end of its output if it failed."""
    memory = f", {step.peak_memory_mb:.0f} MB" if step.peak_memory_mb else ""
    detail = step.reason or "; ".join(filter(None, (f"{step.seconds:.1f} s{memory}", step.note)))
    console.print(Text.assemble((step.step, "bold"), f" {step.status.replace('_', ' ')}: {detail}"), soft_wrap=True)
    if step.status == "failed":
        console.print(step.output[-3000:], soft_wrap=True)
