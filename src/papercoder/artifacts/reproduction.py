"""The plan of a reproduction, and of a diagnosis what was tried for claims that differ and what it changed."""

import json
from typing import Literal, NamedTuple

from pydantic import Field, JsonValue

from papercoder.artifacts.base import Artifact, RepoPath
from papercoder.artifacts.claims import ClaimResults, ClaimVerdict
from papercoder.artifacts.coding import Edits
from papercoder.artifacts.execution import Trial
from papercoder.artifacts.planning import Quote, Value

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
    """Seconds that trials may take in one invocation, without the installation of packages before."""

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


class DrawnFigures(Artifact):
    """The figures that the repository drew from its results, in its folder `figures`."""

    names: tuple[str, ...] = ()


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


HypothesisKind = Literal["reading", "fault", "paper", "conditions"]
AttemptStatus = Literal["kept", "rejected", "failed", "not_tried"]


class SettingChange(Artifact):
    """Another value of a setting."""

    key: str
    """The dotted key in the configuration."""

    value: Value


class HypothesisDraft(Artifact):
    """One possible reason why results differ from the paper's, as an agent gives it."""

    kind: HypothesisKind
    """`reading`: the paper leaves something open, and another choice would give its results. `fault`: the code does
    not do what a requirement says. `paper`: the paper contradicts itself. `conditions`: the data, the scale, the
    hardware or the software differ from the paper's."""

    statement: str
    """What differs and why that moves the results in the observed direction, in one or two sentences."""

    claims: tuple[str, ...]
    """Ids of the claims that it would explain."""

    requirement: str = ""
    """For `reading` and `fault`: the id of the requirement whose choice or implementation is in question."""

    reading: str = ""
    """For `reading`: the requirement's statement with the other choice."""

    settings: tuple[SettingChange, ...] = ()
    """For `reading` and `fault`: the settings to change, if existing keys express it."""

    files: tuple[RepoPath, ...] = ()
    """For `reading` and `fault`: the files to edit, if settings do not express it."""

    change: str = ""
    """What to change in these files, precisely enough to write the edits."""

    quotes: tuple[Quote, ...] = ()
    """For `paper`: the words on both sides of the contradiction."""

    question: str = ""
    """For `reading` and `paper`: the question to the paper's authors that settles it, about the paper alone, with the
    choices, which they can answer in a sentence."""


class HypothesisDrafts(Artifact):
    """The possible reasons, the most likely first."""

    hypotheses: tuple[HypothesisDraft, ...] = ()


class Hypothesis(HypothesisDraft):
    """A possible reason with its number."""

    id: str = Field(pattern=r"^H[1-9]\d*$")
    """`H1`, `H2`, ..., the most likely first."""

    @property
    def is_testable(self) -> bool:
        """Whether settings or edits can decide it."""
        return bool(self.settings or self.files)


class Hypotheses(Artifact):
    """All possible reasons, the most likely first."""

    items: tuple[Hypothesis, ...] = ()


class ClaimChange(Artifact):
    """A claim before and after a change of the code or the settings, measured on the same seeds."""

    claim: str
    before: ClaimVerdict
    """With all seeds that were measured before the change."""

    after: ClaimVerdict
    measured_before: float | None
    measured_after: float | None

    @property
    def is_gain(self) -> bool:
        """Whether the change moves the claim to `met`."""
        return self.before != "met" and self.after == "met" and self._is_moved

    @property
    def is_loss(self) -> bool:
        """Whether the change makes a claim differ that was met."""
        return self.before == "met" and self.after == "differs" and self._is_moved

    @property
    def is_open(self) -> bool:
        """Whether the change moved a claim that was met, and the seeds are too few to tell what it is now."""
        return self.before == "met" and self.after == "inconclusive" and self._is_moved

    @property
    def _is_moved(self) -> bool:
        """What stays as it is on the same seeds stays met, even if these seeds alone are too few to tell."""
        return self.measured_before != self.measured_after


class DiagnosisAttempt(Artifact):
    """A hypothesis that was tried, or why it was not."""

    hypothesis: str
    """Its id."""

    status: AttemptStatus
    """`kept`: its change is the repository's new reading. `rejected`: measured, and not kept. `failed`: its change
    could not be written or did not run. `not_tried`: nothing was measured."""

    reason: str
    """Why, in one sentence with the numbers that decided."""

    settings: tuple[SettingChange, ...] = ()
    edits: Edits = Edits()
    changes: tuple[ClaimChange, ...] = ()
    """The claims whose trials were measured again."""

    trials: int = 0
    """The trials that ran for it."""

    seconds: float = 0.0

    ended_early: bool = False
    """Whether the budget ended before it was decided."""

    @property
    def gained(self) -> tuple[str, ...]:
        """Ids of the claims that it meets and that were not met before."""
        return tuple(change.claim for change in self.changes if change.is_gain)

    @property
    def lost(self) -> tuple[str, ...]:
        """Ids of the claims that were met before and that differ after it."""
        return tuple(change.claim for change in self.changes if change.is_loss)


class Diagnosis(Artifact):
    """What was found about the claims that differ."""

    before: ClaimResults = ClaimResults()
    """The claims as the first reading of the paper met them."""

    repository: str = ""
    """A digest of the code and the settings that the diagnosis ended with."""

    hypotheses: tuple[Hypothesis, ...] = ()
    attempts: tuple[DiagnosisAttempt, ...] = ()
    """In the order in which they were tried, then those that were not."""

    @property
    def kept(self) -> tuple[DiagnosisAttempt, ...]:
        """The attempts whose changes were kept."""
        return tuple(attempt for attempt in self.attempts if attempt.status == "kept")

    @property
    def tried(self) -> int:
        """How many hypotheses were measured; among many, one may fit by chance."""
        return sum(attempt.status in {"kept", "rejected"} for attempt in self.attempts)

    def is_complete(self, differing: frozenset[str]) -> bool:
        """Whether nothing is left: no hypothesis that a larger budget could decide, and no other claim that differs.

        Args:
            differing: ids of the claims that differ now.
        """
        known = self.before.differing | {change.claim for attempt in self.attempts for change in attempt.changes}
        return differing <= known and not any(attempt.ended_early for attempt in self.attempts)

    def hypothesis(self, name: str) -> Hypothesis:
        """The hypothesis with this id."""
        return next(item for item in self.hypotheses if item.id == name)
