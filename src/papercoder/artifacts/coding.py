"""The results of coding: source files, edits, traces to code, findings of checks, and the generated repository."""

from collections import Counter
from typing import Literal

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.execution import ExecutionReport
from papercoder.artifacts.planning import ProposedAmendment, Requirement
from papercoder.artifacts.review import Verdicts


class SourceFile(Artifact):
    """A file of the generated repository."""

    path: str
    """Relative to the repository, with forward slashes."""

    text: str


class Excerpt(Artifact):
    """Lines of a file, as far as they matter for something else."""

    path: str
    lines: dict[int, str]
    """Number -> line, in order."""


class Mark(Artifact):
    """A line of code with the comment of a requirement: `# R12: what`."""

    path: str
    line: int
    """Counted from 1."""


class ReferencePassage(Artifact):
    """Lines of another work's code that a requirement or the analysis of its file rests on."""

    name: str
    """Of the reference in this run."""

    path: str
    first: int
    """Line, counted from 1."""

    last: int
    origin: str
    revision: str
    licence: str
    """Empty if none was found."""


class Trace(Artifact):
    """One requirement with its owner and the lines of code that implement it."""

    requirement: Requirement
    owner: str | None
    """None if no file owns it."""

    marks: tuple[Mark, ...] = ()
    references: tuple[ReferencePassage, ...] = ()
    """Code of other works that was used for it."""


class Traceability(Artifact):
    """All requirements, traced."""

    traces: tuple[Trace, ...]

    @property
    def unowned(self) -> tuple[str, ...]:
        """Ids of requirements without an owner."""
        return tuple(trace.requirement.id for trace in self.traces if trace.owner is None)

    @property
    def unmarked(self) -> tuple[str, ...]:
        """Ids of requirements without a mark in their owner."""
        return tuple(
            trace.requirement.id for trace in self.traces if not any(mark.path == trace.owner for mark in trace.marks)
        )


class Edit(Artifact):
    """A replacement of lines in one file."""

    path: str
    search: str
    """The lines to replace, which occur once in the file; empty to create the file."""

    replace: str


class Edits(Artifact):
    """Edits in the order in which they apply."""

    edits: tuple[Edit, ...] = ()

    amendments: tuple[ProposedAmendment, ...] = ()
    """Corrections of assumptions that came with the edits; they are not applied with them."""

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the changed files."""
        return frozenset(edit.path for edit in self.edits)

    def render(self) -> str:
        """As SEARCH/REPLACE blocks."""
        return "\n\n".join(
            f"{edit.path}\n<<<<<<< SEARCH\n{edit.search}=======\n{edit.replace}>>>>>>> REPLACE" for edit in self.edits
        )


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


class Repository(Artifact):
    """The generated repository and its review and execution."""

    files: tuple[SourceFile, ...]
    traceability: Traceability
    verdicts: Verdicts | None = None
    """None if it was not reviewed."""

    execution: ExecutionReport | None = None
    """None if nothing was executed."""
