"""The results of a bench: many papers, variants, models and repeats."""

from typing import Literal

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.evaluation import Interval, JudgeName
from papercoder.artifacts.execution import StepName

EntryStatus = Literal["complete", "partial", "failed"]


class JudgeMean(Artifact):
    """A judge's score of one repository."""

    judge: JudgeName
    score: Interval | None


class BenchEntryResult(Artifact):
    """The result of one paper with one variant, one model and one repeat."""

    entry: str
    """Its id, which is also the name of its run folder."""

    paper: str
    variant: str
    model: str
    repeat: int
    status: EntryStatus
    """`complete`: every stage ended, even if an execution step failed. `partial`: at least a part of a repository was
    made and kept. `failed`: none was."""

    reason: str = ""
    """Why it is not complete; else which requested step was not executed, if any."""

    capped: bool = False
    """It stopped because the cost limit of all entries together is reached."""

    executed: bool = False
    """Whether its code was executed; if not, there are no steps."""

    steps: tuple[StepName, ...] = ()
    """Execution steps that passed."""

    requirements: int | None = None
    """None for variants without requirements."""

    implemented: int | None = None
    """Implemented requirements, by the last review; None if there was none."""

    claims: int | None = None
    """Numbers that the paper reports; None if they were not extracted or the reproduction was not run."""

    claims_met: int | None = None
    findings: int | None = None
    """Errors that checking found in the repository; None where there is none."""

    judge_model: str = ""
    judges: tuple[JudgeMean, ...] = ()
    rubric: float | None = None
    """0 to 1."""

    rubric_code_dev: float | None = None
    calls: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0
    """Working time of all processes."""

    judge_calls: int = 0
    """The judges' part of `calls`; likewise below."""

    judge_cost_usd: float = 0.0
    judge_unpriced: int = 0
    judge_seconds: float = 0.0


class BenchResults(Artifact):
    """All entries of a manifest, in its order."""

    name: str
    entries: tuple[BenchEntryResult, ...] = ()
