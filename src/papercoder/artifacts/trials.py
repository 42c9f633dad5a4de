"""Trials: the smallest units of an experiment that yield a number, and what each of them measured."""

from typing import Literal

from pydantic import Field, JsonValue

from papercoder.artifacts.base import Artifact

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
