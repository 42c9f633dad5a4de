"""The results of coding: source files, edits, and the traces from requirements to code."""

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.planning import ProposedAmendment, Requirement


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
