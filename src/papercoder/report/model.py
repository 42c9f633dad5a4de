"""What a report says, as one typed value. What is absent was not observed, and is never shown as success."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeVar
from urllib.parse import quote

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ClaimResult,
    ClaimVerdict,
    ConfigValue,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Requirement,
    Value,
    Verdict,
)
from papercoder.artifacts.checking import CheckReport
from papercoder.artifacts.execution import ExecutionReport, StepName, StepResult
from papercoder.runs.summary import Status, Summary

State = Literal["implemented", "partly", "missing", "contradicts", "not_reviewed"]
STATES: tuple[State, ...] = ("implemented", "partly", "missing", "contradicts", "not_reviewed")
STEPS: tuple[StepName, ...] = ("install", "import", "start", "tests", "smoke", "reproduce")
CLAIM_VERDICTS: tuple[ClaimVerdict, ...] = ("met", "differs", "not_run")


class CodeLine(Artifact):
    """A line of a file of the repository."""

    number: int
    text: str


class Place(Artifact):
    """A line of code, with the lines around it as they are in the repository now."""

    path: str
    line: int
    lines: tuple[CodeLine, ...] = ()
    """Empty where there is no such line, or the path leads out of the repository."""

    @property
    def href(self) -> str:
        """Relative to the run folder; empty where there is nothing to lead to."""
        return href(self.path, self.line) if self.lines else ""


class DoubtfulPlace(Artifact):
    """A place in the paper that may have been read wrong."""

    anchor: str
    messages: tuple[str, ...]
    page: int | None = None
    text: str = ""
    """What was read."""

    picture: str = ""
    """What is printed, as a data URI; empty where there is no picture."""


class TracedRequirement(Artifact):
    """A requirement, its owner, its marks and its verdict."""

    requirement: Requirement
    owner: str | None = None
    marks: tuple[Place, ...] = ()
    verdict: Verdict | None = None
    """None where it was not reviewed."""

    evidence: tuple[Place, ...] = ()
    """What the verdict points to."""

    @property
    def state(self) -> State:
        """The verdict, or that there is none."""
        return self.verdict.verdict if self.verdict else "not_reviewed"

    @property
    def places(self) -> tuple[Place, ...]:
        """The verdict's lines, then the marks, each once."""
        found = {(place.path, place.line): place for place in (*self.evidence, *self.marks)}
        return tuple(found.values())


class Assumption(Artifact):
    """A choice that the paper leaves open."""

    subject: str
    """A requirement's id or a setting's key."""

    choice: str
    """What was chosen."""

    alternatives: tuple[str, ...]
    question: str
    """What one would ask the authors."""


class AgentUse(Artifact):
    """What one agent used, over all processes that worked on the run."""

    agent: str
    calls: int
    prompt: int
    completion: int
    cost_usd: float
    unpriced: int


class Report(Artifact):
    """All that is known of a run."""

    title: str
    """The paper's."""

    status: Status | Literal["interrupted"]
    summary: Summary
    files: tuple[str, ...] = ()
    """Of the repository."""

    plan: OverallPlan | None = None
    requirements: tuple[TracedRequirement, ...] = ()
    reviewed: bool = False
    """False where no verdicts were found."""

    architecture: ArchitectureDesign | None = None
    logic: LogicDesign | None = None
    config: ExperimentConfig | None = None
    claims: tuple[ClaimResult, ...] = ()
    claims_note: str = ""
    """What one must know to read the claims."""

    execution: ExecutionReport | None = None
    checks: CheckReport | None = None
    agents: tuple[AgentUse, ...] = ()
    lost: tuple[str, ...] = ()
    """What may have been lost in reading the paper, as far as it has no place in it."""

    doubtful: tuple[DoubtfulPlace, ...] = ()
    unchecked: tuple[str, ...] = ()
    """What could not be compared with the paper, each with its reason."""

    warnings: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[StepResult, ...]:
        """All steps, lowest first; those that nobody reported were not run."""
        known = {step.step: step for step in self.execution.steps} if self.execution else {}
        return tuple(known.get(name) or StepResult(step=name, status="skipped") for name in STEPS)

    @property
    def states(self) -> dict[State, int]:
        """How many requirements are in each state."""
        return _counted(STATES, (item.state for item in self.requirements))

    @property
    def claim_verdicts(self) -> dict[ClaimVerdict, int]:
        """How many claims have each verdict."""
        return _counted(CLAIM_VERDICTS, (result.verdict for result in self.claims))

    def requirement(self, name: str) -> Requirement | None:
        """The requirement with this id; None where there is none."""
        return next((item.requirement for item in self.requirements if item.requirement.id == name), None)

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Requirements and settings that are assumed."""
        needs = tuple(_of_requirement(item.requirement) for item in self.requirements if _is_assumed(item.requirement))
        return needs + _of_config(self.config)

    @property
    def open_points(self) -> tuple[str, ...]:
        """What the plan and the design found unclear, each with the choice made."""
        sources = (self.plan, self.architecture, self.logic)
        return tuple(dict.fromkeys(point for source in sources if source for point in source.unclear))

    @property
    def has_code(self) -> bool:
        """Is there a Python file in the repository?"""
        return any(path.endswith(".py") for path in self.files)


def href(path: str, line: int) -> str:
    """Where a line of the repository is, relative to the run folder."""
    return f"repo/{quote(path)}#L{line}"


K = TypeVar("K", bound=str)


def _counted(names: tuple[K, ...], found: Iterable[K]) -> dict[K, int]:
    count = Counter(found)
    return {name: count[name] for name in names}


def _is_assumed(item: Requirement) -> bool:
    return item.status == "assumed"


def _of_requirement(item: Requirement) -> Assumption:
    others = f" Or was it: {'; '.join(item.alternatives)}?" if item.alternatives else ""
    return Assumption(
        subject=item.id,
        choice=item.statement,
        alternatives=item.alternatives,
        question=f"[{item.anchor}] We assumed: “{_bare(item.statement)}.” Is that what you did?{others}",
    )


def _of_config(config: ExperimentConfig | None) -> tuple[Assumption, ...]:
    return tuple(_of_value(value) for value in config.values if value.source == "assumed") if config else ()


def _of_value(value: ConfigValue) -> Assumption:
    what = f"`{value.key}`" + (f" ({_bare(value.meaning)})" if value.meaning else "")
    others = f" Others would be {', '.join(value.alternatives)}." if value.alternatives else ""
    return Assumption(
        subject=value.key,
        choice=shown(value.value),
        alternatives=value.alternatives,
        question=f"Which value has {what}? We took {shown(value.value)}.{others}",
    )


def _bare(text: str) -> str:
    return text.strip().rstrip(".")


def shown(value: Value) -> str:
    """A configuration's value as YAML would have it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(shown(part) for part in value)}]"
    return str(value)
