"""Results of `papercoder check` in a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from papercoder.artifacts.checking import CheckReport, Finding

_COLOURS = {"error": "red", "warning": "yellow"}


def show_check(report: CheckReport, console: Console) -> None:
    """Show all findings with location and advice, and the counts per check."""
    for finding in report.findings:
        colour = _COLOURS[finding.severity]
        place = f"{finding.path}:{finding.line}"
        text = f"[bold]{escape(place)}[/bold] [{colour}]{finding.severity}[/{colour}] {escape(finding.message)}"
        console.print(f"{text} [dim]{escape(_hint(finding))}[/dim]", soft_wrap=True, highlight=False)
    for line in _summary(report):
        console.print(escape(line), soft_wrap=True, highlight=False)


def _hint(finding: Finding) -> str:
    return f"{finding.advice} ({finding.check})"


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
