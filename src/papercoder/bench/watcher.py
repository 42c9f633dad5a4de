"""Who looks on at a bench."""

from typing import Protocol

from papercoder.artifacts import BenchResults, TrialResult
from papercoder.runs.events import Event


class Watcher(Protocol):
    """The terminal, say."""

    def begin(self, results: BenchResults) -> None:
        """All trials as they are found, in their order."""

    def warn(self, message: str) -> None:
        """Something that the user should know of all trials together."""

    def tell(self, trial: str, event: Event) -> None:
        """Something happened in a trial."""

    def end(self, result: TrialResult) -> None:
        """A trial ended."""
