"""The plan of a reproduction: which trials run within a budget, in which order, and which claims they decide."""

import json
from typing import Literal, NamedTuple

from pydantic import Field, JsonValue

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.claims import ClaimResults
from papercoder.artifacts.execution import Trial

TrialPlaceName = Literal["local", "ray", "slurm"]
EstimateBasis = Literal["measured", "progress", "similar", "at_least", "unknown"]


class TrialKind(NamedTuple):
    """Trials that differ only in their seed, and so take about the same time."""

    experiment: str
    method: str
    dataset: str


def kind_of(trial: Trial) -> TrialKind:
    """The kind of a trial."""
    return TrialKind(trial.experiment, trial.method, trial.dataset)


class ReproductionOptions(Artifact):
    """What the user asked for."""

    budget: float = Field(default=3600.0, gt=0)
    """Seconds that one invocation may take."""

    max_trials: int | None = Field(default=None, ge=1)
    """The most trials that one invocation may run; None: no limit."""

    claims: tuple[str, ...] = ()
    """Ids of the claims and orderings to decide; empty: all."""

    tables: tuple[str, ...] = ()
    """Anchors of the tables whose claims to decide; empty: all."""

    seeds: int | None = Field(default=None, ge=1)
    """The most seeds of each kind of trial; None: all."""

    scale: float = Field(default=1.0, gt=0, le=1)
    """The share of the paper's scale at which trials run."""

    tolerance: float = Field(default=0.05, ge=0)
    """The share of a reported value by which a measured one may differ, if the paper prints no standard deviation."""

    gpu: bool = False
    on: TrialPlaceName = "local"
    workers: int | None = Field(default=None, ge=1)
    """Trials that run side by side; None: as many as the machine allows."""

    sandbox: str = "auto"


class Setting(Artifact):
    """A changed setting of a trial, as in `--set key=value`."""

    key: str
    value: JsonValue

    @property
    def option(self) -> str:
        """`key=value`; the value is JSON, which is YAML too."""
        return f"{self.key}={json.dumps(self.value, ensure_ascii=False)}"


class Estimate(Artifact):
    """How long a trial of one kind takes."""

    kind: TrialKind
    seconds: float | None
    """None if nothing is known."""

    basis: EstimateBasis
    """`measured`: such a trial has ended. `progress`: one was started, and reported its progress. `similar`: from
    trials of the same method or data set. `at_least`: one was stopped before it reported any progress."""


class PlannedTrial(Artifact):
    """A trial that the budget allows."""

    id: str
    seconds: float | None
    """Estimated."""

    decides: tuple[str, ...] = ()
    """The claims that have a measurement once it and the trials before it have ended."""


class OmittedTrial(Artifact):
    """A trial that does not run in this invocation."""

    id: str
    reason: str


class ReproductionPlan(Artifact):
    """The order of the trials that have no result yet."""

    options: ReproductionOptions
    workers: int
    finished: tuple[str, ...]
    """Ids of trials that have a result; failed ones have one too."""

    trials: tuple[PlannedTrial, ...]
    omitted: tuple[OmittedTrial, ...]
    estimates: tuple[Estimate, ...]
    seconds: float
    """Estimated time until the last of the planned trials has ended."""

    inputs: str = ""
    """A digest of the code and the settings for which the times are estimated."""


class KindSummary(Artifact):
    """The trials of one kind, whatever their seeds."""

    kind: TrialKind
    trials: int
    measured: int
    failed: int
    """Trials that failed or diverged."""

    seconds: float | None = None
    """The median of those with a measurement."""

    peak_memory: int | None = None
    """Bytes, the largest of all."""


class TrialFailure(Artifact):
    """A trial that has no measurement."""

    id: str
    reason: str


class Reproduction(Artifact):
    """What a reproduction came to."""

    options: ReproductionOptions
    trials: int
    """All that were asked for."""

    measured: int
    """Trials with a measurement."""

    kinds: tuple[KindSummary, ...] = ()
    failed: tuple[TrialFailure, ...] = ()
    """Trials that failed or diverged."""

    omitted: tuple[OmittedTrial, ...] = ()
    not_measured: dict[str, str] = Field(default_factory=dict)
    """Claim id -> why the code does not measure it."""

    seconds: float
    """How long this invocation took."""

    share_used: float
    """The share of its time, of all workers together, in which trials ran that now have a result."""

    claims: ClaimResults
