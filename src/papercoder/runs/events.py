"""What happened in a run, one typed event a line of `events.jsonl`; progress, cost and report are folds over it."""

import time
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from papercoder.artifacts.base import Artifact


class _Event(Artifact):
    at: float = Field(default_factory=time.time)
    """Seconds since the epoch."""


class RunStarted(_Event):
    """A process took up the run."""

    kind: Literal["run_started"] = "run_started"
    paper: str
    models: dict[str, str]
    """Role -> model."""

    profile: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """What else shapes the outcome or caps what it costs, for who goes on with the run."""


class ArtifactStarted(_Event):
    """A step began to make an artifact."""

    kind: Literal["artifact_started"] = "artifact_started"
    artifact: str


class ArtifactMade(_Event):
    """A step made an artifact."""

    kind: Literal["artifact_made"] = "artifact_made"
    artifact: str
    seconds: float
    calls: int
    """Answers that went into it."""


class ArtifactReused(_Event):
    """A step found what it had made before from the same inputs."""

    kind: Literal["artifact_reused"] = "artifact_reused"
    artifact: str
    calls: int
    """Answers that went into it when it was made."""


class ArtifactEdited(_Event):
    """An artifact on disk is the user's own and is used as it is."""

    kind: Literal["artifact_edited"] = "artifact_edited"
    artifact: str
    stale: bool
    """True where what it was made from has changed since the user edited it."""


class CallStarted(_Event):
    """A request is sent to a model."""

    kind: Literal["call_started"] = "call_started"
    agent: str
    subject: str
    model: str
    artifact: str = ""
    """What it is asked for."""
    prompt: int
    """Estimated tokens."""


class CallProgress(_Event):
    """A model is writing its answer."""

    kind: Literal["call_progress"] = "call_progress"
    agent: str
    subject: str
    completion: int
    """Estimated tokens so far, thoughts included."""


class CallMade(_Event):
    """A model answered, and the answer is on disk."""

    kind: Literal["call_made"] = "call_made"
    agent: str
    subject: str
    model: str
    artifact: str = ""
    """What it was asked for."""
    prompt: int
    cached: int
    completion: int
    cost_usd: float | None
    seconds: float
    cut: bool = False


class CallReused(_Event):
    """The journal had the answer."""

    kind: Literal["call_reused"] = "call_reused"
    agent: str
    subject: str
    model: str
    artifact: str = ""
    """What it was asked for."""


class CallRetried(_Event):
    """A call failed in passing and is made again."""

    kind: Literal["call_retried"] = "call_retried"
    agent: str
    subject: str
    reason: str
    wait: float
    """Seconds before it is made again."""


class AnswerRejected(_Event):
    """An answer did not fit what was asked for and went back to the model with the reason."""

    kind: Literal["answer_rejected"] = "answer_rejected"
    agent: str
    subject: str
    reason: str


class ExecutionStepEnded(_Event):
    """A step of the ladder was climbed, or not."""

    kind: Literal["execution_step_ended"] = "execution_step_ended"
    step: str
    status: Literal["passed", "failed", "skipped"]
    seconds: float
    reason: str


class Forecast(_Event):
    """What is about to start may take long."""

    kind: Literal["forecast"] = "forecast"
    message: str


class Warned(_Event):
    """Something that the user should know."""

    kind: Literal["warned"] = "warned"
    where: str
    message: str


class RunEnded(_Event):
    """A process left the run."""

    kind: Literal["run_ended"] = "run_ended"
    status: Literal["complete", "partial"]
    reason: str = ""


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
    | AnswerRejected
    | ExecutionStepEnded
    | Forecast
    | Warned
    | RunEnded,
    Field(discriminator="kind"),
]

Emit = Callable[[Event], None]
"""Where events go."""
