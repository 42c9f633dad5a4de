"""What was read of a paper and what a run came to, in a terminal: a few lines at the end, everything on request."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from papercoder.artifacts import ClaimVerdict, Diagnosis
from papercoder.artifacts.reproduction import Reproduction, ReproductionPlan
from papercoder.files.regular import is_file
from papercoder.paper.fidelity import Estimate, Fidelity, Outline
from papercoder.report.formatting import amount, cost, duration, plural
from papercoder.runs.overview import RequirementsSummary, RunReport, report

_COUNTS = ("equations", "tables", "algorithms", "figures", "references", "words", "tokens", "numbers")


def show(fidelity: Fidelity, console: Console) -> None:
    """Print the headings, the counts, the suspicions, the checks and, where there is one, the estimate."""
    console.print(_tree(fidelity))
    console.print(_fidelity_counts(fidelity))
    if fidelity.estimate:
        console.print(_estimate(fidelity.estimate))
    if fidelity.files:
        console.print(Text(f"Read from: {', '.join(fidelity.files)}", style="dim"))
    for warning in fidelity.warnings:
        console.print(Text.assemble(("! ", "bold yellow"), warning))
    if fidelity.verdict:
        console.print(Text(fidelity.verdict, style="green"))
    made = "; ".join(check.name for check in fidelity.checks if check.made)
    console.print(Text(f"Checked: {made}.", style="dim"))
    for check in fidelity.checks:
        if not check.made:
            console.print(Text.assemble(("Not checked: ", "yellow"), f"{check.name} ({check.reason})."))


def _tree(fidelity: Fidelity) -> Tree:
    root = Tree(Text(fidelity.title or "(no title)", style="bold"))
    open_branches: list[tuple[int, Tree]] = [(0, root)]
    for section in fidelity.sections:
        while len(open_branches) > 1 and open_branches[-1][0] >= section.level:
            open_branches.pop()
        branch = open_branches[-1][1].add(_heading(section))
        open_branches.append((section.level, branch))
    return root


def _heading(section: Outline) -> Text:
    return Text.assemble((section.anchor, "cyan"), " ", section.title)


def _fidelity_counts(fidelity: Fidelity) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in _COUNTS:
        table.add_column(name, justify="right")
    table.add_row(*(f"{getattr(fidelity, name):,}" for name in _COUNTS))
    return table


def _estimate(estimate: Estimate) -> Text:
    cost = "price unknown" if estimate.cost_usd is None else f"about ${estimate.cost_usd:,.2f}"
    tokens = f"{estimate.prompt_tokens:,} prompt and {estimate.completion_tokens:,} completion tokens"
    note = f" ({estimate.note})" if estimate.note else ""
    return Text(f"{estimate.model}: {estimate.calls} calls, {tokens}, {cost}{note}")


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
        claims=f"{_outcome_counts(claims)} of {sum(claims.values())}" if claims else "nothing was measured",
        requirements=f"{_outcome_counts(verdicts)} of {needs}" if needs else "none were extracted",
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


def _outcome_counts(counts: dict[str, int]) -> str:
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
    if not found.is_traced:
        yield "not traced to the code yet"
        return
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
