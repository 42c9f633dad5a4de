"""Hypotheses are tried on real trials; only what the results support is kept, and it reaches the whole run."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from papercoder.artifacts import (
    ArchitectureDesign,
    DataSources,
    Diagnosis,
    ExecutionReport,
    FilePlan,
    HypothesisDraft,
    HypothesisDrafts,
    Paper,
    Requirements,
    Section,
    SettingChange,
)
from papercoder.artifacts.design import Design
from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.errors import NotRecordedError
from papercoder.models.contract import Request
from papercoder.pipeline import diagnosis as pipeline
from papercoder.pipeline.adoption import pending_change
from papercoder.pipeline.publisher import Publisher
from papercoder.pipeline.reproduction import prepare_trials, reproduce
from papercoder.repository.git import History
from papercoder.runs.events import Event, HypothesisEnded, Warned
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from tests.reproduction.packages import own_packages
from tests.reproduction.runs import SETTINGS, claims, config, repository, write_run
from tests.scripted import block
from tests.support import LOGIC, PLAN, Scripted, git, make_agents, of_kind, requirement

OPTIONS = ReproductionOptions(budget=300.0, sandbox="subprocess", workers=2)
PAPER = Paper(source="markdown", title="Tiny", abstract="", sections=(Section(anchor="1", level=1, title="Method"),))
OPEN = requirement("R1", status="assumed", quote="", statement="The baseline sees all data.", alternatives=("Half.",))

MORE_STEPS = HypothesisDraft(
    kind="reading",
    statement="More steps.",
    claims=("C4",),
    requirement="R1",
    reading="There are three steps.",
    settings=(SettingChange(key="steps", value=3),),
)
HALF = HypothesisDraft(
    kind="reading",
    statement="The baseline sees half of the data.",
    claims=("C4",),
    requirement="R1",
    reading="The baseline sees half of the data.",
    files=("tiny/model.py",),
    change="Subtract 30 for the baseline on wine.",
)
ALL_LOWER = HALF.model_copy(update={"statement": "Everything is lower.", "change": "Subtract 30 everywhere."})
HARDWARE = HypothesisDraft(kind="conditions", statement="Other hardware.", claims=("C4",))

LINE = '    return {"ours": 90.0, "baseline": 80.0}[method] + {"digits": 5.0, "wine": 0.0}[dataset]\n'
TARGETED = LINE.replace('"baseline": 80.0}[method]', '"baseline": 50.0 if dataset == "wine" else 80.0}[method]')
EVERYWHERE = LINE.replace("[dataset]", "[dataset] - 30.0")


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    async def passes(*_: object, **__: object) -> ExecutionReport:
        return ExecutionReport(steps=(), sandbox="subprocess")

    monkeypatch.setattr(pipeline, "execute_in_run", passes)
    with own_packages():
        yield


class Case:
    """A reproduced run, and a model with these hypotheses and edits."""

    def __init__(self, folder: Path, hypotheses: list[HypothesisDraft], edits: list[str], seeds: int = 1) -> None:
        self.folder, self.events = write_run(folder, seeds=seeds), list[Event]()
        self.files = repository(folder)
        shutil.rmtree(folder / "repo")  # so that publishing writes them as the system's own
        asyncio.run(History(folder / "repo").init())
        self.model = Scripted({"diagnosis": HypothesisDrafts(hypotheses=tuple(hypotheses)), "variant": list(edits)})
        files = tuple(FilePlan(path=path, purpose="Tiny.") for path in ("tiny/experiments.py", "tiny/model.py"))
        architecture = ArchitectureDesign(
            approach="Tiny.",
            files=(files[0], files[1].model_copy(update={"owns": ("R1",)})),
            class_diagram="",
            sequence_diagram="",
        )
        requirements = Requirements(items=(OPEN,))
        self.design = Design(PLAN, requirements, architecture, LOGIC, config(SETTINGS), claims(), DataSources())

    def diagnose(self, options: ReproductionOptions = OPTIONS) -> Diagnosis:
        return asyncio.run(self._diagnose(options))

    async def _diagnose(self, options: ReproductionOptions) -> Diagnosis:
        agents = make_agents(self.model, self.events.append)
        run = Run(self.folder, agents, self.events.append, step_store(self.folder))
        publish = Publisher(run, History(self.folder / "repo", 1_700_000_000))
        files = await publish(self.files, "All files")
        prepared = await prepare_trials(run, files, self.design.config.values, options)
        await reproduce(prepared, self.design.claims)
        return await pipeline.diagnose(prepared, PAPER, self.design, publish)


def test_the_reading_that_meets_the_claim_is_kept(tmp_path: Path) -> None:
    case = Case(tmp_path, [MORE_STEPS, HALF, HARDWARE], [block("tiny/model.py", LINE, TARGETED)])
    found = case.diagnose()
    assert [(attempt.hypothesis, attempt.status) for attempt in found.attempts] == [
        ("H1", "rejected"),
        ("H2", "kept"),
        ("H3", "not_tried"),
    ]
    assert found.kept[0].gained == ("C4",)
    assert {item.claim.id: item.verdict for item in found.before.items}["C4"] == "differs"
    change = pending_change(tmp_path)
    assert change is not None
    assert change.texts["repo/tiny/model.py"].endswith(TARGETED)
    (amended,) = Requirements.model_validate_json(change.texts["planning/requirements.json"]).items
    assert (amended.statement, amended.status, amended.supported_by) == (HALF.reading, "assumed", "H2")
    assert amended.alternatives == ("The baseline sees all data.", "Half.")
    assert change.affected == ("tiny/model.py",)
    assert git(tmp_path / "repo", "show", "diagnosis/H2:tiny/model.py").endswith(TARGETED)
    assert [event.status for event in of_kind(case.events, HypothesisEnded)] == ["rejected", "kept", "not_tried"]


def test_a_reading_that_loses_other_claims_is_not_kept(tmp_path: Path) -> None:
    case = Case(tmp_path, [ALL_LOWER], [block("tiny/model.py", LINE, EVERYWHERE)])
    found = case.diagnose()
    (attempt,) = found.attempts
    assert attempt.status == "rejected"
    assert attempt.gained == ("C4",)
    assert set(attempt.lost) == {"C1", "C2", "C3"}
    assert pending_change(tmp_path) is None
    assert (tmp_path / "repo" / "tiny" / "model.py").read_text(encoding="utf-8").endswith(LINE)


def test_edits_that_a_recording_does_not_have_are_no_failure(tmp_path: Path) -> None:
    case = Case(tmp_path, [HALF, MORE_STEPS], [])

    def say_nothing(_: Request) -> str:
        raise NotRecordedError("The recording has no answer of variant.")

    case.model._answers = {**case.model._answers, "variant": say_nothing}
    attempts = case.diagnose().attempts
    assert [(each.hypothesis, each.status) for each in attempts] == [("H1", "not_tried"), ("H2", "rejected")]
    assert attempts[0].reason == "The recording has no edits for it."
    assert of_kind(case.events, Warned) == []


def test_a_diagnosis_is_not_repeated(tmp_path: Path) -> None:
    case = Case(tmp_path, [MORE_STEPS], [])
    first = case.diagnose()
    assert case.diagnose() == first
    assert len(case.model.of("diagnosis")) == 1


def test_claims_that_more_trials_show_to_differ_are_diagnosed(tmp_path: Path) -> None:
    case = Case(tmp_path, [HALF], [block("tiny/model.py", LINE, TARGETED)])
    assert case.diagnose(OPTIONS.model_copy(update={"claims": ("C1",)})).attempts == ()
    assert [attempt.status for attempt in case.diagnose().attempts] == ["kept"]


def test_what_the_agent_sees(tmp_path: Path) -> None:
    case = Case(tmp_path, [], [])
    assert case.diagnose().hypotheses == ()
    (request,) = case.model.requests
    for shown in (
        "- C4 [tab:2] main; baseline; wine; accuracy: reported 50.0, measured 80",
        "R1 (method, assumed): The baseline sees all data.",
        "- steps: 2 (assumed)",
        "- main; baseline; wine: accuracy 80",
        "- C1 [tab:1] main; ours; digits; accuracy: reported 95.0, measured 95",
        "tiny/model.py",
    ):
        assert shown in request.text


def test_a_reference_to_nothing_is_rejected_with_the_reason(tmp_path: Path) -> None:
    wrong = MORE_STEPS.model_copy(
        update={"claims": ("C1",), "requirement": "R9", "settings": (SettingChange(key="epochs", value=1),)}
    )
    case = Case(tmp_path, [], [])
    case.model._answers = {"diagnosis": [HypothesisDrafts(hypotheses=(wrong,)), HypothesisDrafts()]}
    case.diagnose()
    text = case.model.of("diagnosis")[1].text
    assert "it explains none of the claims that differ." in text
    assert "epochs is not a key of the configuration." in text
    assert "R9 is not the id of a requirement." in text


def test_a_hypothesis_about_other_claims_is_left_out_and_the_others_are_tried(tmp_path: Path) -> None:
    other = HARDWARE.model_copy(update={"claims": ("C1",)})
    case = Case(tmp_path, [other, HALF], [block("tiny/model.py", LINE, TARGETED)])
    assert [(each.hypothesis, each.status) for each in case.diagnose().attempts] == [("H2", "kept")]


def test_both_readings_get_more_seeds_where_a_gain_may_be_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(tmp_path, [HALF], [block("tiny/model.py", LINE, TARGETED)], seeds=4)
    noise = iter([["C4"]])
    monkeypatch.setattr(pipeline.DiagnosisRounds, "_gains_within_noise", lambda *_: next(noise, []))
    (attempt,) = case.diagnose(OPTIONS.model_copy(update={"seeds": 1})).attempts
    assert attempt.status == "kept"
    assert attempt.trials == 4 + 3  # the four kinds once, and three more seeds of the one that decides
    for folder in ("reproduction", "diagnosis/H1"):
        found = (tmp_path / folder / "trials").glob("*baseline-wine*")
        assert len(list(found)) == 4, folder
