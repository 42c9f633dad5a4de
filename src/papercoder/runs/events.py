"""The events of a run, one a line of `events.jsonl`; progress, cost and report are computed from them."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, ValidationInfo, model_validator

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.claims import ClaimVerdict

FORMAT = 2
"""The version of the run folder's format; increase it when an older version's folders can no longer be read."""


class _Event(Artifact):
    at: float = Field(default_factory=time.time)
    """Seconds since the epoch."""


class RunStarted(_Event):
    """A process started or resumed the run."""

    kind: Literal["run_started"] = "run_started"
    format: int = FORMAT
    paper: str
    """The source: a path, an arXiv id or a URL."""

    models: dict[str, str]
    """Role -> model."""

    profile: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """Other settings that affect the outcome or limit its cost; used when the run is resumed."""

    signature: str = ""
    """Shows whether this user started the run; see `runs/ownership.py`."""

    @model_validator(mode="before")
    @classmethod
    def _number_the_first_format(cls, data: Any, info: ValidationInfo) -> Any:
        """Logs in the first format have no number."""
        return {"format": 1, **data} if info.mode == "json" else data


class ArtifactStarted(_Event):
    """A step started to make an artifact."""

    kind: Literal["artifact_started"] = "artifact_started"
    artifact: str


class ArtifactMade(_Event):
    """A step made an artifact."""

    kind: Literal["artifact_made"] = "artifact_made"
    artifact: str
    seconds: float
    calls: int
    """Answers of models that it used."""


class ArtifactReused(_Event):
    """A step reused the stored result for the same inputs."""

    kind: Literal["artifact_reused"] = "artifact_reused"
    artifact: str
    calls: int
    """Answers of models that it used when it was made."""


class ArtifactEdited(_Event):
    """The user edited an artifact, and the run uses the edited file unchanged."""

    kind: Literal["artifact_edited"] = "artifact_edited"
    artifact: str
    stale: bool
    """Whether its inputs have changed since the edit."""


class CallStarted(_Event):
    """A request was sent to a model."""

    kind: Literal["call_started"] = "call_started"
    agent: str
    subject: str
    model: str
    artifact: str = ""
    """The artifact that needs the answer."""
    prompt: int
    """Estimated tokens."""


class CallProgress(_Event):
    """A model is writing its answer."""

    kind: Literal["call_progress"] = "call_progress"
    agent: str
    subject: str
    completion: int
    """Estimated tokens so far, thoughts included."""

    text: str = ""
    """What it has written since the last such event."""


class CallMade(_Event):
    """A model answered, and the answer is on disk."""

    kind: Literal["call_made"] = "call_made"
    agent: str
    subject: str
    model: str
    artifact: str = ""
    """The artifact that needs the answer."""
    prompt: int = Field(ge=0)
    cached: int = Field(ge=0)
    completion: int = Field(ge=0)
    cost_usd: float | None = Field(ge=0, allow_inf_nan=False)
    seconds: float
    cut: bool = False


class CallReused(_Event):
    """The answer was in the run folder already."""

    kind: Literal["call_reused"] = "call_reused"
    agent: str
    subject: str
    model: str
    artifact: str = ""
    """The artifact that needs the answer."""


class CallRetried(_Event):
    """A call failed temporarily and is made again."""

    kind: Literal["call_retried"] = "call_retried"
    agent: str
    subject: str
    reason: str
    wait: float
    """Seconds until the next try."""


class AnswerAccepted(_Event):
    """An answer passed all checks."""

    kind: Literal["answer_accepted"] = "answer_accepted"
    agent: str
    subject: str


class AnswerRejected(_Event):
    """An answer was invalid and is requested again, with the reason."""

    kind: Literal["answer_rejected"] = "answer_rejected"
    agent: str
    subject: str
    reason: str


class ExecutionStepEnded(_Event):
    """An execution step passed, failed or was skipped."""

    kind: Literal["execution_step_ended"] = "execution_step_ended"
    step: str
    status: Literal["passed", "failed", "skipped"]
    seconds: float
    reason: str


class Forecast(_Event):
    """What starts next may take long."""

    kind: Literal["forecast"] = "forecast"
    message: str


class ReproductionPlanned(_Event):
    """The trials of a reproduction are in order, or their order changed as results arrived."""

    kind: Literal["reproduction_planned"] = "reproduction_planned"
    trials: int
    """To run in this invocation."""

    finished: int
    """With a result from before."""

    omitted: int
    """Left out, because the budget or a limit does not allow them."""

    claims: int
    """Claims and orderings that the planned and finished trials decide."""

    claims_total: int
    """Claims and orderings that were asked for."""

    seconds: float
    """Estimated."""

    budget: float
    """Seconds."""

    workers: int


class TrialStarted(_Event):
    """A trial started."""

    kind: Literal["trial_started"] = "trial_started"
    trial: str
    seconds: float | None
    """Estimated; None if nothing is known."""

    probe: bool = False
    """Whether it runs for a few seconds only, to estimate its time, unless it ends within them."""


class TrialProgress(_Event):
    """A running trial reported its progress."""

    kind: Literal["trial_progress"] = "trial_progress"
    trial: str
    fraction: float
    seconds_left: float | None = None
    values: dict[str, float] = Field(default_factory=dict)


class TrialEnded(_Event):
    """A trial has a result, or was stopped without one."""

    kind: Literal["trial_ended"] = "trial_ended"
    trial: str
    status: Literal["done", "failed", "diverged", "stopped"]
    """`stopped`: at the end of a probe or of the budget; it may run again."""

    seconds: float
    reason: str = ""


class ClaimDecided(_Event):
    """The verdict of a claim or an ordering changed."""

    kind: Literal["claim_decided"] = "claim_decided"
    claim: str
    """Its id."""

    verdict: ClaimVerdict
    reason: str = ""


class DiagnosisStarted(_Event):
    """Hypotheses for claims that differ are about to be tried."""

    kind: Literal["diagnosis_started"] = "diagnosis_started"
    claims: int
    """Claims and orderings that differ."""

    hypotheses: int


class HypothesisEnded(_Event):
    """A hypothesis was tried, or it was not."""

    kind: Literal["hypothesis_ended"] = "hypothesis_ended"
    hypothesis: str
    statement: str
    status: Literal["kept", "rejected", "failed", "not_tried"]
    reason: str
    gained: tuple[str, ...] = ()
    """Ids of the claims that it brings to `met`."""


class Warned(_Event):
    """Something that the user should know."""

    kind: Literal["warned"] = "warned"
    where: str
    message: str


class RunEnded(_Event):
    """A process completed the run or stopped."""

    kind: Literal["run_ended"] = "run_ended"
    status: Literal["complete", "partial"]
    reason: str = ""
    """Why it is not complete."""


Event = Annotated[
    RunStarted
    | ArtifactStarted
    | ArtifactMade
    | ArtifactReused
    | ArtifactEdited
    | CallStarted
    | CallProgress
    | CallMade
    | CallReused
    | CallRetried
    | AnswerAccepted
    | AnswerRejected
    | ExecutionStepEnded
    | Forecast
    | ReproductionPlanned
    | TrialStarted
    | TrialProgress
    | TrialEnded
    | ClaimDecided
    | DiagnosisStarted
    | HypothesisEnded
    | Warned
    | RunEnded,
    Field(discriminator="kind"),
]

Emit = Callable[[Event], None]
"""Receives events."""
