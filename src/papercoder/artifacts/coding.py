"""What coding makes, and what ties it to the paper."""

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.planning import Requirement


class SourceFile(Artifact):
    """A file of the generated repository."""

    path: str
    """Relative to the repository, with forward slashes."""

    text: str


class Mark(Artifact):
    """A line of code that names a requirement: `# R12: what`."""

    path: str
    line: int
    """Counted from 1."""


class Trace(Artifact):
    """One requirement, both ways: the paper's words and the lines of code."""

    requirement: Requirement
    owner: str | None
    """None where no file owns it."""

    marks: tuple[Mark, ...] = ()


class Traceability(Artifact):
    """All requirements, traced."""

    traces: tuple[Trace, ...]

    @property
    def unowned(self) -> tuple[str, ...]:
        """Ids of requirements without an owner."""
        return tuple(trace.requirement.id for trace in self.traces if trace.owner is None)

    @property
    def unmarked(self) -> tuple[str, ...]:
        """Ids of requirements that no line of their owner names."""
        return tuple(
            trace.requirement.id for trace in self.traces if not any(mark.path == trace.owner for mark in trace.marks)
        )


class Edit(Artifact):
    """Lines of one file that others take the place of."""

    path: str
    search: str
    """As in the file, there once; empty to make the file."""

    replace: str


class Edits(Artifact):
    """Edits in the order in which they apply."""

    edits: tuple[Edit, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The files that they change."""
        return frozenset(edit.path for edit in self.edits)

    def render(self) -> str:
        """As SEARCH/REPLACE blocks."""
        return "\n\n".join(
            f"{edit.path}\n<<<<<<< SEARCH\n{edit.search}=======\n{edit.replace}>>>>>>> REPLACE" for edit in self.edits
        )
