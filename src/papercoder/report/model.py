"""The content of a report. A missing value means that a step did not run, and is never shown as success."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeVar
from urllib.parse import quote

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ClaimResult,
    ClaimVerdict,
    Diagnosis,
    ExperimentConfig,
    LogicDesign,
    OrderingResult,
    OverallPlan,
    Requirement,
    Tolerance,
    UnclaimedResult,
    Value,
    Verdict,
)
from papercoder.artifacts.coding import CheckReport
from papercoder.artifacts.execution import ExecutionReport, StepName, StepResult
from papercoder.artifacts.reproduction import Reproduction
from papercoder.artifacts.review import Amendments, MutationReports
from papercoder.datasets.run_data import SourceStatus
from papercoder.runs.overview import NextStep, RunStatus
from papercoder.runs.summary import AgentUse, Summary

State = Literal["implemented", "partly", "missing", "contradicts", "not_reviewed"]
STATES: tuple[State, ...] = ("implemented", "partly", "missing", "contradicts", "not_reviewed")
STEPS: tuple[StepName, ...] = ("install", "import", "start", "trials", "tests", "smoke")
CLAIM_VERDICTS: tuple[ClaimVerdict, ...] = ("met", "differs", "inconclusive", "toy", "not_run")


class CodeLine(Artifact):
    """A line of a file of the repository."""

    number: int
    text: str


class Place(Artifact):
    """A line of code with the lines around it, as they are in the repository now."""

    path: str
    line: int
    lines: tuple[CodeLine, ...] = ()
    """Empty if the line does not exist or the path is outside the repository."""

    @property
    def href(self) -> str:
        """Relative to the run folder; empty if the line does not exist."""
        return href(self.path, self.line) if self.lines else ""


class DoubtfulPlace(Artifact):
    """A place in the paper that may have been read wrong."""

    anchor: str
    messages: tuple[str, ...]
    page: int | None = None
    text: str = ""
    """The text that was read."""

    picture: str = ""
    """The printed page at this place, as a data URI; empty if there is no picture."""


class DrawnFigure(Artifact):
    """A figure that the repository drew from its results."""

    name: str
    """The file's name in the folder `figures`."""

    anchor: str = ""
    """The figure of the paper with the same number; empty if there is none."""

    caption: str = ""
    """The paper's."""

    picture: str = ""
    """As a data URI; empty if the file is gone or too large."""

    printed: str = ""
    """The paper's own picture, as a data URI; empty if there is none."""


class TracedRequirement(Artifact):
    """A requirement, its owner, its marks and its verdict."""

    requirement: Requirement
    owner: str | None = None
    marks: tuple[Place, ...] = ()
    verdict: Verdict | None = None
    """None if it was not reviewed."""

    evidence: tuple[Place, ...] = ()
    """The lines that the verdict cites."""

    @property
    def state(self) -> State:
        """The verdict, or `not_reviewed`."""
        return self.verdict.verdict if self.verdict else "not_reviewed"

    @property
    def places(self) -> tuple[Place, ...]:
        """The verdict's lines, then the marks, without duplicates."""
        found = {(place.path, place.line): place for place in (*self.evidence, *self.marks)}
        return tuple(found.values())


class Assumption(Artifact):
    """A choice that the paper leaves open."""

    subject: str
    """A requirement's id or a setting's key."""

    choice: str
    """What was chosen."""

    alternatives: tuple[str, ...]


class ExplainedClaim(Artifact):
    """A claim that differed when it was measured first."""

    result: ClaimResult
    """As it is now."""

    before: ClaimResult
    changed_by: tuple[str, ...]
    """Ids of the hypotheses whose changes were kept and bring it to `met`."""


class Report(Artifact):
    """Everything that is known about a run."""

    title: str
    """The paper's."""

    status: RunStatus
    summary: Summary
    files: tuple[str, ...] = ()
    """Of the repository."""

    plan: OverallPlan | None = None
    requirements: tuple[TracedRequirement, ...] = ()
    reviewed: bool = False
    """False if there are no verdicts."""

    architecture: ArchitectureDesign | None = None
    logic: LogicDesign | None = None
    config: ExperimentConfig | None = None
    data: tuple[SourceStatus, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    orderings: tuple[OrderingResult, ...] = ()
    unclaimed: tuple[UnclaimedResult, ...] = ()
    """Measurements that no claim names."""

    figures: tuple[DrawnFigure, ...] = ()
    tolerance: Tolerance = Tolerance()
    claims_note: str = ""
    """A remark about the claims."""

    reproduction: Reproduction | None = None
    diagnosis: Diagnosis | None = None
    execution: ExecutionReport | None = None
    checks: CheckReport | None = None
    mutation: MutationReports | None = None
    """The tests from the paper against wrong versions of the code."""

    amendments: Amendments = Amendments()
    agents: tuple[AgentUse, ...] = ()
    lost: tuple[str, ...] = ()
    """What may be missing from the parsed paper, without a known place."""

    doubtful: tuple[DoubtfulPlace, ...] = ()
    unchecked: tuple[str, ...] = ()
    """Checks of the parsed paper that could not run, with reasons."""

    warnings: tuple[str, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    """What to do next, the most useful first; in its commands, `RUN` stands for the run folder."""

    @property
    def steps(self) -> tuple[StepResult, ...]:
        """All execution steps in order; a step without a result is `skipped`."""
        known = {step.step: step for step in self.execution.steps} if self.execution else {}
        return tuple(known.get(name) or StepResult(step=name, status="skipped") for name in STEPS)

    @property
    def data_note(self) -> str:
        """Whether the smoke run used real or synthetic data; empty if there was none or it needs no data in files."""
        return next((f"The smoke run {step.note}." for step in self.steps if step.step == "smoke" and step.note), "")

    @property
    def states(self) -> dict[State, int]:
        """How many requirements are in each state."""
        return _counted(STATES, (item.state for item in self.requirements))

    @property
    def open_requirements(self) -> tuple[TracedRequirement, ...]:
        """Those that the review found not implemented, or not in full."""
        return tuple(item for item in self.requirements if item.state not in {"implemented", "not_reviewed"})

    @property
    def closed_requirements(self) -> tuple[TracedRequirement, ...]:
        """The others: implemented, or not reviewed."""
        return tuple(item for item in self.requirements if item.state in {"implemented", "not_reviewed"})

    @property
    def claim_verdicts(self) -> dict[ClaimVerdict, int]:
        """How many claims have each verdict."""
        return _counted(CLAIM_VERDICTS, (result.verdict for result in self.claims))

    @property
    def explained(self) -> tuple[ExplainedClaim, ...]:
        """The claims that differed before the diagnosis."""
        if self.diagnosis is None:
            return ()
        now = {item.claim.id: item for item in self.claims}
        kept = self.diagnosis.kept
        return tuple(
            ExplainedClaim(
                result=now.get(item.claim.id, item),
                before=item,
                changed_by=tuple(attempt.hypothesis for attempt in kept if item.claim.id in attempt.gained),
            )
            for item in self.diagnosis.before.items
            if item.verdict == "differs"
        )

    @property
    def ordering_verdicts(self) -> dict[ClaimVerdict, int]:
        """How many orderings have each verdict."""
        return _counted(CLAIM_VERDICTS, (result.verdict for result in self.orderings))

    def requirement(self, name: str) -> Requirement | None:
        """The requirement with this id, or None."""
        return next((item.requirement for item in self.requirements if item.requirement.id == name), None)

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Assumed requirements and settings, without those of the synthetic data, which are not the paper's."""
        needs = (item.requirement for item in self.requirements if item.requirement.status == "assumed")
        values = (value for value in self.config.values if value.is_open) if self.config else ()
        return (
            *(Assumption(subject=need.id, choice=need.statement, alternatives=need.alternatives) for need in needs),
            *(Assumption(subject=one.key, choice=shown(one.value), alternatives=one.alternatives) for one in values),
        )

    @property
    def open_points(self) -> tuple[str, ...]:
        """What the plan and the design found unclear, with the choice that was made."""
        sources = (self.plan, self.architecture, self.logic)
        return tuple(dict.fromkeys(point for source in sources if source for point in source.unclear))

    @property
    def has_code(self) -> bool:
        """Whether the repository has a Python file."""
        return any(path.endswith(".py") for path in self.files)


def href(path: str, line: int) -> str:
    """The address of a line of the repository, relative to the run folder."""
    return f"repo/{quote(path)}#L{line}"


K = TypeVar("K", bound=str)


def _counted(names: tuple[K, ...], found: Iterable[K]) -> dict[K, int]:
    count = Counter(found)
    return {name: count[name] for name in names}


def shown(value: Value) -> str:
    """A setting's value in YAML syntax."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(shown(part) for part in value)}]"
    return str(value)
