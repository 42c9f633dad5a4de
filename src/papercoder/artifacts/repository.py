"""The result of a run: the generated repository."""

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.coding import SourceFile, Traceability
from papercoder.artifacts.execution import ExecutionReport
from papercoder.artifacts.review import Verdicts


class Repository(Artifact):
    """The generated repository and its review and execution."""

    files: tuple[SourceFile, ...]
    traceability: Traceability
    verdicts: Verdicts | None = None
    """None if it was not reviewed."""

    execution: ExecutionReport | None = None
    """None if nothing was executed."""
