"""The results of execution: a command's outcome, steps, the report of all steps, and what each trial measured."""

from operator import not_
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from papercoder.artifacts.base import Artifact

ArrayName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
TrialStatus = Literal["done", "failed", "diverged"]


class Trial(Artifact):
    """One method on one data set with one seed, within one experiment, as `python main.py --list` prints it."""

    id: str = Field(pattern=r"^[\w.-]{1,120}$")
    """A readable name that is safe as a file name and differs between trials."""

    experiment: str
    method: str
    dataset: str
    seed: int

    claims: tuple[str, ...] = ()
    """Ids of the claims that it contributes to."""


class TrialList(Artifact):
    """The trials of a repository, and the claims that none of them measures."""

    trials: tuple[Trial, ...] = ()

    not_measured: dict[str, str] = Field(default_factory=dict)
    """Claim id -> why the code does not measure it."""

    unclaimed: tuple[str, ...] = ()
    """Ids of claims that neither a trial measures nor `not_measured` names."""


class TrialResult(Artifact):
    """What one trial measured, or why it did not."""

    trial: Trial
    status: TrialStatus
    """`diverged`: it ended with a number that is not finite."""

    reason: str = ""
    """Why it failed or diverged, in one sentence."""

    measured: dict[str, float] = Field(default_factory=dict)
    """Metric -> value of this trial."""

    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """Dotted key -> value of the settings that it ran with."""

    made_from: str = ""
    """A digest of its settings and of the modules that it imports."""

    seconds: float = 0.0
    peak_memory: int | None = None
    """Bytes of its process; None if unknown."""

    versions: dict[str, str] = Field(default_factory=dict)
    """Python and the packages that it imported -> version."""

    commit: str = ""
    """The commit of the code; empty outside a Git repository."""

    synthetic: bool = False
    """Whether it used a synthetic version of the data."""

    scale: float = 1.0
    """The share of the paper's scale at which it ran; below 1, what it measured is a toy result."""

    arrays: dict[ArrayName, str] = Field(default_factory=dict, exclude_if=not_)
    """Name -> SHA-256 of the arrays that it kept for figures, each in a file `ID/NAME.npy` beside its result."""


Limit = Literal["seconds", "memory", "processes", "disk", "output"]
StepName = Literal["install", "import", "start", "trials", "tests", "smoke"]
StepStatus = Literal["passed", "failed", "skipped"]


class Outcome(Artifact):
    """The observed outcome of one command."""

    exit_code: int | None
    """None if it was killed."""

    seconds: float
    peak_memory: int | None = None
    """Bytes of the whole process tree, as sampled; None if unknown."""

    output: str = ""
    """The end of its output, standard output and standard error together, without control characters."""

    limit: Limit | None = None
    """The resource limit that it reached and was killed for; None where it exited by itself."""

    sandbox: str
    """Where it ran: `bubblewrap`, `docker`, `subprocess`."""

    notes: tuple[str, ...] = ()
    """What this sandbox could not enforce, one sentence each."""

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and self.limit is None


class StepResult(Artifact):
    """One execution step: its command and the observed outcome."""

    step: StepName
    status: StepStatus
    """`passed`: it was observed to work. `failed`: it was observed not to. `skipped`: nothing was observed."""

    command: str = ""
    """As typed in the repository."""

    exit_code: int | None = None
    """None if it did not run or was killed."""

    seconds: float = 0.0
    peak_memory_mb: float | None = None
    """Megabytes, of the whole process tree, as sampled."""

    output: str = ""
    """The end of its output."""

    reason: str = ""
    """Why it failed or was skipped, in one sentence; empty if it passed."""

    note: str = ""
    """Whether it used real or synthetic data."""


class ExecutionReport(Artifact):
    """All execution steps, in order."""

    steps: tuple[StepResult, ...]
    sandbox: str
    """Where it ran; empty if nothing was executed."""

    notes: tuple[str, ...] = ()
    """What the sandbox could not enforce, one sentence each."""

    lock: str | None = None
    """The text of `requirements.lock`, if the environment was resolved."""

    trials: TrialList | None = None
    """The trials, if the repository has a list of them and it was printed."""

    smoke_results: str | None = None
    """The text of the smoke run's `results.json`; its numbers mean nothing."""

    @property
    def failed(self) -> StepResult | None:
        """The step that failed, if any."""
        return next((step for step in self.steps if step.status == "failed"), None)

    @property
    def passed(self) -> tuple[StepName, ...]:
        """The steps that passed."""
        return tuple(step.step for step in self.steps if step.status == "passed")

    @property
    def observed(self) -> bool:
        """False if no step ran: there was no sandbox, or packages could not be downloaded."""
        return any(step.status != "skipped" for step in self.steps)

    @property
    def unseen(self) -> str:
        """Why the smoke run was not seen to pass, in one sentence; empty if it passed."""
        if self.failed:
            return f"{self.failed.step} failed: {self.failed.reason}"
        smoke = next((step for step in self.steps if step.step == "smoke"), None)
        return f"smoke was not run: {smoke.reason}" if smoke and smoke.status != "passed" else ""
