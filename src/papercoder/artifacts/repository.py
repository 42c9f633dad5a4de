"""What comes out at the end of the line."""

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.coding import SourceFile, Traceability
from papercoder.artifacts.execution import ExecutionReport
from papercoder.artifacts.review import Verdicts


class Repository(Artifact):
    """The generated repository, and what was seen of it."""

    files: tuple[SourceFile, ...]
    traceability: Traceability
    verdicts: Verdicts | None = None
    """None where it was not reviewed."""

    execution: ExecutionReport | None = None
    """None where nothing was executed."""
