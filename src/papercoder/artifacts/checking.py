"""What checking finds in a repository, before anything runs."""

from collections import Counter
from typing import Literal

from papercoder.artifacts.base import Artifact

Severity = Literal["error", "warning"]


class Finding(Artifact):
    """One thing that is wrong, where, and what to do."""

    check: str
    """The check that found it, such as `imports`."""

    severity: Severity
    """An error fails when the code runs, or makes up what it reports; a warning wants a second look."""

    path: str
    """Relative to the repository, with forward slashes; `.` for the repository as a whole."""

    line: int = 1
    """Counted from 1; 1 where the whole file is meant."""

    message: str
    """What is wrong."""

    advice: str
    """What to do about it."""


class CheckCount(Artifact):
    """What one check found."""

    check: str
    errors: int
    warnings: int


class CheckReport(Artifact):
    """All findings: errors first, then by path and line."""

    files: int
    """Python files that were read."""

    checks: tuple[str, ...]
    """The checks that looked, also where they found nothing."""

    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that must be put right."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that want a second look."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def counts(self) -> tuple[CheckCount, ...]:
        """What each check found, in the order of the checks."""
        found = Counter((finding.check, finding.severity) for finding in self.findings)
        return tuple(
            CheckCount(check=name, errors=found[name, "error"], warnings=found[name, "warning"]) for name in self.checks
        )
