"""What execution observes: the outcome of a command, a rung of the ladder, the whole ladder."""

from typing import Literal

from papercoder.artifacts.base import Artifact

Cap = Literal["seconds", "memory", "processes", "disk", "output"]
RungName = Literal["install", "import", "start", "tests", "smoke", "reproduce"]
RungStatus = Literal["seen", "failed", "not_run"]


class Outcome(Artifact):
    """What was seen of one command."""

    exit_code: int | None
    """None where it was ended from outside."""

    seconds: float
    peak_memory: int | None = None
    """Bytes that the whole process tree held at once, as sampled; None where that is not known."""

    output: str = ""
    """The end of what it printed, standard output and standard error together, without control characters."""

    cap: Cap | None = None
    """The cap that it reached and was ended for; None where it ended by itself."""

    sandbox: str
    """Where it ran: `bubblewrap`, `docker`, `plain`."""

    notes: tuple[str, ...] = ()
    """What this sandbox could not hold, one sentence each."""

    @property
    def timed_out(self) -> bool:
        """True where it was ended for its time."""
        return self.cap == "seconds"

    @property
    def succeeded(self) -> bool:
        """True where it ended by itself, with success."""
        return self.exit_code == 0 and self.cap is None


class RungResult(Artifact):
    """One rung: what was run and what was seen of it."""

    rung: RungName
    status: RungStatus
    """`seen`: it was observed to work. `failed`: it was observed not to. `not_run`: nothing was observed."""

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
    """The ladder, from the lowest rung up."""

    rungs: tuple[RungResult, ...]
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
    def failed(self) -> RungResult | None:
        """The rung that failed."""
        return next((rung for rung in self.rungs if rung.status == "failed"), None)

    @property
    def seen(self) -> tuple[RungName, ...]:
        """The rungs that were observed to work."""
        return tuple(rung.rung for rung in self.rungs if rung.status == "seen")

    @property
    def observed(self) -> bool:
        """False where nothing was: there was no sandbox, or no way to what has to be installed."""
        return any(rung.status != "not_run" for rung in self.rungs)

    def unseen(self, reproduce: bool) -> str:
        """Which rung was asked for and not observed to work, in one sentence; empty where there is none."""
        if self.failed:
            return f"{self.failed.rung} failed: {self.failed.reason}"
        asked = {"smoke", *(("reproduce",) if reproduce else ())}
        missing = (rung for rung in self.rungs if rung.rung in asked and rung.status != "seen")
        return next((f"{rung.rung} was not run: {rung.reason}" for rung in missing), "")
