"""The results of checking: findings in a repository, before anything runs."""

from collections import Counter
from typing import Literal

from papercoder.artifacts.base import Artifact

Severity = Literal["error", "warning"]


class Finding(Artifact):
    """One problem, its location, and what to do."""

    check: str
    """The check that found it, such as `imports`."""

    severity: Severity
    """An error makes the code fail or invents results; a warning may be a problem."""

    path: str
    """Relative to the repository, with forward slashes; `.` for the repository as a whole."""

    line: int = 1
    """Counted from 1; 1 for the whole file."""

    message: str
    """What is wrong."""

    advice: str
    """What to do about it."""


def error(check: str, path: str, line: int, message: str, advice: str) -> Finding:
    """It fails when the code runs, or makes up what it reports."""
    return Finding(check=check, severity="error", path=path, line=line, message=message, advice=advice)


def warning(check: str, path: str, line: int, message: str, advice: str) -> Finding:
    """It wants a second look."""
    return Finding(check=check, severity="warning", path=path, line=line, message=message, advice=advice)


class CheckCount(Artifact):
    """The number of findings of one check."""

    check: str
    errors: int
    warnings: int


class CheckReport(Artifact):
    """All findings: errors first, then by path and line."""

    files: int
    """The number of Python files."""

    checks: tuple[str, ...]
    """The names of the checks, including those without findings."""

    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that must be fixed."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that may be problems."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def counts(self) -> tuple[CheckCount, ...]:
        """The number of findings of each check, in order."""
        found = Counter((finding.check, finding.severity) for finding in self.findings)
        return tuple(
            CheckCount(check=name, errors=found[name, "error"], warnings=found[name, "warning"]) for name in self.checks
        )
