"""What execution observes: the outcome of a command, a step of the ladder, the whole ladder."""

from typing import Literal

from papercoder.artifacts.base import Artifact

Limit = Literal["seconds", "memory", "processes", "disk", "output"]
StepName = Literal["install", "import", "start", "tests", "smoke", "reproduce"]
StepStatus = Literal["passed", "failed", "skipped"]


class Outcome(Artifact):
    """What was seen of one command."""

    exit_code: int | None
    """None where it was ended from outside."""

    seconds: float
    peak_memory: int | None = None
    """Bytes that the whole process tree held at once, as sampled; None where that is not known."""

    output: str = ""
    """The end of what it printed, standard output and standard error together, without control characters."""

    limit: Limit | None = None
    """The resource limit that it reached and was killed for; None where it exited by itself."""

    sandbox: str
    """Where it ran: `bubblewrap`, `docker`, `subprocess`."""

    notes: tuple[str, ...] = ()
    """What this sandbox could not hold, one sentence each."""

    @property
    def timed_out(self) -> bool:
        """True where it was ended for its time."""
        return self.limit == "seconds"

    @property
    def succeeded(self) -> bool:
        """True where it ended by itself, with success."""
        return self.exit_code == 0 and self.limit is None


class StepResult(Artifact):
    """One step: what was run and what was seen of it."""

    step: StepName
    status: StepStatus
    """`passed`: it was observed to work. `failed`: it was observed not to. `skipped`: nothing was observed."""

    command: str = ""
    """As one would type it in the repository."""

    exit_code: int | None = None
    """None where it did not run, or was ended from outside."""

    seconds: float = 0.0
    peak_memory_mb: float | None = None
    """Megabytes, of the whole process tree, as sampled."""

    output: str = ""
    """The end of what it printed."""

    reason: str = ""
    """Why it failed or was not run, in one sentence; empty where it was seen."""


class ExecutionReport(Artifact):
    """The ladder, from the lowest step up."""

    steps: tuple[StepResult, ...]
    sandbox: str
    """Where it ran; empty where nothing was executed."""

    notes: tuple[str, ...] = ()
    """What the sandbox could not hold, one sentence each."""

    lock: str | None = None
    """The text of `requirements.lock`, where the environment was resolved."""

    smoke_results: str | None = None
    """The text of `results.json` as the smoke run wrote it; its numbers mean nothing."""

    results: str | None = None
    """The text of `results.json` as the full reproduction wrote it."""

    @property
    def failed(self) -> StepResult | None:
        """The step that failed."""
        return next((step for step in self.steps if step.status == "failed"), None)

    @property
    def passed(self) -> tuple[StepName, ...]:
        """The steps that were observed to work."""
        return tuple(step.step for step in self.steps if step.status == "passed")

    @property
    def observed(self) -> bool:
        """False where nothing was: there was no sandbox, or no way to what has to be installed."""
        return any(step.status != "skipped" for step in self.steps)

    def unseen(self, reproduce: bool) -> str:
        """Which step was asked for and not observed to work, in one sentence; empty where there is none."""
        if self.failed:
            return f"{self.failed.step} failed: {self.failed.reason}"
        asked = {"smoke", *(("reproduce",) if reproduce else ())}
        missing = (step for step in self.steps if step.step in asked and step.status != "passed")
        return next((f"{step.step} was not run: {step.reason}" for step in missing), "")
