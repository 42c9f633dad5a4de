"""Results of `papercoder check` in a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from papercoder.artifacts.checking import CheckReport

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
