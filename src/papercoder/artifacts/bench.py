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


class ClaimCounts(Artifact):
    """How many claims have which verdict; orderings count as claims too."""

    met: int = 0
    differs: int = 0
    toy: int = 0
    inconclusive: int = 0
    not_run: int = 0

    @property
    def total(self) -> int:
        """All claims."""
        return self.met + self.differs + self.toy + self.inconclusive + self.not_run

    def __add__(self, other: "ClaimCounts") -> "ClaimCounts":
        """The claims of both."""
        return ClaimCounts(
            met=self.met + other.met,
            differs=self.differs + other.differs,
            toy=self.toy + other.toy,
            inconclusive=self.inconclusive + other.inconclusive,
            not_run=self.not_run + other.not_run,
        )


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

    claims: ClaimCounts | None = None
    """Verdicts of the paper's claims; all 0 if the paper reports none or the entry ended before they were read. None if
    no reproduction was asked for."""

    claims_before_diagnosis: ClaimCounts | None = None
    """The verdicts of the first reading of the paper, if diagnosis kept another one; else None."""

    trials: int | None = None
    """Trials of the reproduction; None if they were not listed."""

    trials_measured: int | None = None
    """Those with a measurement."""

    hypotheses_tried: int | None = None
    """Of the diagnosis; None if there was none."""

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
    reproduction_seconds: float = 0.0
    """The part of `seconds` in which trials were prepared and run, for the claims and for diagnosis."""


class PaperShare(Artifact):
    """A share of papers with its 95 % interval (Clopper and Pearson, 1934)."""

    count: int
    papers: int
    low: float
    high: float


class ClaimSummary(Artifact):
    """The claims of all papers with one variant and one model. A paper's repeats count together."""

    variant: str
    model: str
    papers: int
    """All for which a reproduction was asked for, even if their entries failed or they report nothing."""

    claims: ClaimCounts
    met: PaperShare
    """Papers with at least one claim that is met."""

    differs: PaperShare
    """Papers with at least one claim that differs; other claims of them may be met."""

    only_toy: PaperShare
    """Papers whose claims were measured at reduced scale or on synthetic data alone."""

    undecided: PaperShare
    """The other papers: none of their claims is met, differs or is toy."""

    met_by_diagnosis: int
    """Papers that have a claim that is met only since diagnosis has chosen another reading for its results."""

    calls: int
    cost_usd: float
    unpriced: int
    seconds: float
    """Working time of all entries, like the next."""

    reproduction_seconds: float


class BenchResults(Artifact):
    """All entries of a manifest, in its order."""

    name: str
    entries: tuple[BenchEntryResult, ...] = ()
    claims: tuple[ClaimSummary, ...] = ()
    """For each variant and model for which a reproduction was asked for."""
