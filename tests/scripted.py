"""A whole project with scripted answers, and a scripted execution."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import pytest

from papercoder.agents.agent import Agents
from papercoder.artifacts import (
    Claims,
    DataSources,
    Edit,
    Edits,
    ExecutionReport,
    Location,
    MutationReport,
    RequirementDrafts,
    SourceFile,
    StepName,
    StepResult,
    Verdict,
    VerdictKind,
    Verdicts,
)
from papercoder.artifacts.design import Design
from papercoder.models.contract import Request
from papercoder.pipeline.publisher import Publisher
from papercoder.repository.git import History
from papercoder.runs.events import Event
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from papercoder.settings import TEXT_ROLES
from papercoder.stages.execution.execute import Unobserved
from papercoder.stages.property_tests import Version
from tests.support import (
    CONFIG,
    EXPERIMENTS_PY,
    LOGIC,
    MODEL_PY,
    PLAN,
    REQUIREMENTS,
    Says,
    Scripted,
    architecture,
    draft,
    make_agents,
)

Answers = Mapping[str, Says | list[Says]]

DESIGN = Design(PLAN, REQUIREMENTS, architecture(), LOGIC, CONFIG, Claims(), DataSources())
CODE = (
    SourceFile(path="tinyfit/model.py", text=MODEL_PY),
    SourceFile(path="tinyfit/experiments.py", text=EXPERIMENTS_PY),
)
TEST_PY = """\
from tinyfit.model import predict


def test_zero_stays_zero():
    # R1: no bias
    assert predict(3.0, 0.0) == 0.0
"""

TRIALS_TEST_PY = """\
from tinyfit.experiments import trials


def test_there_is_one_trial():
    # R2: one rate
    assert len(trials({"seed": 0})) == 1
"""

_SECTIONS = {
    "2": draft(anchor="2¶1"),
    "3": draft(kind="training", statement="The learning rate is 0.05.", anchor="3¶1", quote="a learning rate of 0.05"),
}
_OWNED = {"tinyfit/model.py": "R1", "tinyfit/experiments.py": "R2"}
_SOURCES = {"tinyfit/model.py": MODEL_PY, "tinyfit/experiments.py": EXPERIMENTS_PY}
_TESTS = {"tinyfit/model.py": TEST_PY, "tinyfit/experiments.py": TRIALS_TEST_PY}


def fenced(code: str) -> str:
    """Code as an agent sends it."""
    return f"```python\n{code}```\n"


def block(path: str, search: str, replace: str) -> str:
    """One edit as an agent sends it."""
    return Edits(edits=(Edit(path=path, search=search, replace=replace),)).render()


def verdict(request: Request, kind: VerdictKind = "implemented", reason: str = "It does.", of: str = "") -> Verdicts:
    """The verdicts of a review, each at the first line of its file: this one on all that it asks, or `of` one file."""
    asked = [path for path in _OWNED if f"Requirements of `{path}`:" in request.text]
    given = [(path, (kind, reason) if of in {"", path} else ("implemented", "It does.")) for path in asked]
    return Verdicts(
        verdicts=tuple(
            Verdict(requirement=_OWNED[path], verdict=says, evidence=(Location(path=path, line=1),), reason=why)
            for path, (says, why) in given
        )
    )


def _found(request: Request) -> RequirementDrafts:
    found = (_SECTIONS.get(anchor) for anchor in request.subject.split(", "))
    return RequirementDrafts(requirements=tuple(filter(None, found)))


def project(**changes: Says | list[Says]) -> dict[str, Says | list[Says]]:
    """Agent -> answers: the tiny paper's line, in the package `tinyfit`, right at once but for the changes."""
    answers: dict[str, Says | list[Says]] = {
        "overall_plan": PLAN,
        "requirements": _found,
        "gaps": "{}",
        "claims": "{}",
        "data": "{}",
        "architecture": architecture(),
        "logic": LOGIC,
        "config": CONFIG,
        "analysis": lambda request: f"# {request.subject}\n\n- {_OWNED[request.subject]}: as the paper says.\n",
        "coding": lambda request: fenced(_SOURCES[request.subject]),
        "review": verdict,
        "revise": "NO EDITS",
        "property_tests": lambda request: fenced(_TESTS[request.subject]),
        "strengthen": "NO EDITS",
        "repair": "NO EDITS",
    }
    return {**answers, **changes}


def play(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> Scripted:
    """Use these answers for everything that runs afterwards."""
    model = Scripted(answers)
    monkeypatch.setattr("papercoder.operations.generate.models_by_role", lambda *_: dict.fromkeys(TEXT_ROLES, model))
    return model


# Rounds without the pipeline


@dataclass
class Workshop:
    """A run folder in which rounds can be played."""

    folder: Path
    model: Scripted
    events: list[Event] = field(default_factory=list)
    publish: Publisher = field(init=False)

    def __post_init__(self) -> None:
        run = Run(self.folder, make_agents(self.model, self.events.append), self.events.append, step_store(self.folder))
        self.publish = Publisher(run, History(self.folder / "repo", 1_700_000_000))

    @property
    def run(self) -> Run[Agents]:
        """Its run."""
        return self.publish.run

    async def begin(self, files: Iterable[SourceFile] = CODE) -> tuple[SourceFile, ...]:
        """Write the files, as coding does."""
        await self.publish.history.init()
        return await self.publish(tuple(files), "Coding: the source files")

    def text(self, path: str) -> str:
        """A file of the repository."""
        return (self.folder / "repo" / path).read_text(encoding="utf-8")


# Execution

STEPS: tuple[StepName, ...] = get_args(StepName)

Tree = dict[str, str]
Judge = Callable[[Tree], tuple[StepName, str] | None]
"""From path -> text to the step that fails and what it prints; None where nothing fails."""


def observed(failed: StepName | None = None, output: str = "") -> ExecutionReport:
    """An execution that passed up to the step that failed."""
    at = STEPS.index(failed) if failed else len(STEPS)
    seen = [StepResult(step=step, status="passed", command=f"run {step}") for step in STEPS[:at]]
    if failed:
        reason = f"it ended with exit code 1: {output.splitlines()[-1] if output else ''}"
        seen.append(StepResult(step=failed, status="failed", command=f"run {failed}", output=output, reason=reason))
    left = [StepResult(step=step, status="skipped", reason="not requested") for step in STEPS[len(seen) :]]
    return ExecutionReport(steps=(*seen, *left), sandbox="bubblewrap", lock="numpy==2.0\n")


UNOBSERVED = ExecutionReport(
    steps=tuple(StepResult(step=step, status="skipped", reason="the index is away") for step in STEPS), sandbox=""
)


def executing(monkeypatch: pytest.MonkeyPatch, judge: Judge | None) -> list[Tree]:
    """Judge files in place of running them; None: nothing can be observed. Returns what was executed so far."""
    executed: list[Tree] = []

    async def execute_files(agents: Agents, files: tuple[SourceFile, ...], sandbox: str) -> ExecutionReport:
        tree = {file.path: file.text for file in files}
        executed.append(tree)
        if judge is None:
            raise Unobserved(UNOBSERVED)
        failed, output = judge(tree) or (None, "")
        return observed(failed, output)

    async def run_against_versions(
        context: Agents,
        files: object,
        test: str,
        tested: str,
        versions: tuple[Version, ...],
        seconds: float,
        sandbox: str,
    ) -> MutationReport:
        return MutationReport(
            path=tested, test=test, passed=(), failed=(), versions=(), left=0, reason="The tests are not run here."
        )

    monkeypatch.setattr("papercoder.pipeline.publisher.execute_files", execute_files)
    monkeypatch.setattr("papercoder.pipeline.property_tests.run_against_versions", run_against_versions)
    return executed
