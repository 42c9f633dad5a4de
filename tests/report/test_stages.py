"""The stages and files of a run, those to come included, and the time left."""

import pytest

from papercoder.artifacts import LogicDesign
from papercoder.pipeline.outline import KnownDesign, outline
from papercoder.report.stages import StageView, about, files, stages, time_left
from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallProgress,
    CallStarted,
    DiagnosisStarted,
    Event,
    ExecutionStepEnded,
    ReproductionPlanned,
    RunStarted,
)
from papercoder.runs.progress import Progress
from tests.support import LOGIC

STARTED = RunStarted(paper="p.pdf", models={}, profile="full", at=0.0)


def progress(*events: Event) -> Progress:
    found = Progress()
    for event in (STARTED, *events):
        found.add(event)
    return found


def made(artifact: str, seconds: float = 1.0, at: float = 0.0) -> tuple[Event, Event]:
    return (
        ArtifactStarted(artifact=artifact, at=at),
        ArtifactMade(artifact=artifact, seconds=seconds, calls=1, at=at + seconds),
    )


def step(name: str, status: str = "passed") -> ExecutionStepEnded:
    return ExecutionStepEnded.model_validate({"step": name, "status": status, "seconds": 1, "reason": ""})


def shown(found: Progress, logic: LogicDesign | None = None) -> dict[str, StageView]:
    outlines = outline("full", KnownDesign(logic=logic), reproduce=False, execute=True)
    return {stage.name: stage for stage in stages(found, outlines, is_read=True)}


def test_artifacts_have_the_state_that_the_latest_process_gave_them() -> None:
    found = progress(
        *made("x/old"),
        *made("x/kept"),
        ArtifactStarted(artifact="x/lost"),
        STARTED,
        ArtifactReused(artifact="x/kept", calls=1),
        ArtifactEdited(artifact="x/mine", stale=False),
        *made("x/new"),
        ArtifactStarted(artifact="x/open"),
    )
    assert {name: artifact.state for name, artifact in found.artifacts.items()} == {
        "x/old": "before",
        "x/kept": "kept",
        "x/mine": "edited",
        "x/new": "made",
        "x/open": "open",
    }
    assert found.without_open().artifacts["x/open"].state == "lost"


def test_calls_are_active_until_they_are_answered() -> None:
    sent = CallStarted(agent="coding", subject="a.py", model="m", prompt=1)
    answered = CallMade(
        agent="coding", subject="a.py", model="m", prompt=1, cached=0, completion=1, cost_usd=0, seconds=1
    )
    assert list(progress(sent).calls) == [("coding", "a.py")]
    assert not progress(sent, answered).calls


def test_what_a_model_writes_is_kept_until_its_answer_ends() -> None:
    sent = CallStarted(agent="coding", subject="a.py", model="m", prompt=1)
    pieces = [CallProgress(agent="coding", subject="a.py", completion=at, text=f"line {at} ") for at in (1, 2)]
    written = progress(sent, *pieces).written["coding", "a.py"]
    assert (written.tokens, written.text) == (2, "line 1 line 2 ")
    refused = AnswerRejected(agent="coding", subject="a.py", reason="no")
    assert not progress(sent, *pieces, refused).written


def test_steps_after_a_repair_are_marked_until_they_have_run_again() -> None:
    first = (
        step("install"),
        step("import"),
        step("start", "failed"),
        ArtifactMade(artifact="execution/0.json", seconds=9, calls=0),
    )
    again = progress(*first, ArtifactStarted(artifact="execution/1.json"), step("install"))
    assert [(name, each.is_repeated) for name, each in again.steps.items()] == [
        ("install", False),
        ("import", True),
        ("start", True),
    ]
    assert (shown(again)["execution"].done, shown(again)["execution"].total) == (1, 6)
    assert list(again.without_open().steps) == ["install"]
    again.add(ArtifactMade(artifact="execution/1.json", seconds=9, calls=0))
    assert list(again.steps) == ["install"]


def test_what_is_made_again_does_not_count_as_made() -> None:
    found = progress(*made("repo/tinyfit/model.py"), *made("repo/tinyfit/experiments.py"), STARTED)
    found.expect(frozenset({"repo/tinyfit/model.py"}))
    coding = shown(found, LOGIC)["coding"]
    assert (coding.done, coding.total, coding.repeated) == (1, 2, 1)
    assert [file.note for file in files(found, ("tinyfit/model.py",))] == ["will be made again"]
    for event in made("repo/tinyfit/model.py"):
        found.add(event)
    assert (shown(found, LOGIC)["coding"].done, shown(found, LOGIC)["coding"].repeated) == (2, 0)


# Stages


def test_all_stages_are_known_from_the_start_and_counted_once_planned() -> None:
    before = shown(progress(ArtifactStarted(artifact="planning/plan.json")))
    assert list(before) == ["reading", "planning", "analysis", "coding", "review", "tests", "execution"]
    assert (before["planning"].done, before["planning"].total) == (0, 8)
    assert (before["coding"].done, before["coding"].total) == (0, None)
    after = shown(progress(*made("repo/tinyfit/model.py")), LOGIC)
    assert (after["coding"].done, after["coding"].total, after["coding"].unit) == (1, 2, "files")
    assert not after["coding"].is_done


def test_an_unknown_stage_is_shown_and_a_stage_before_it_is_over() -> None:
    found = shown(progress(*made("review/tinyfit/model.py.json"), *made("dancing/1.json")), LOGIC)
    assert found["dancing"].done == 1
    assert found["review"].is_done
    assert found["tests"].is_over


# Files and the time left


def test_an_artifact_is_about_the_file_with_the_longest_path() -> None:
    paths = ("main.py", "src/main.py", "model.py")
    assert about("repo/src/main.py", paths) == "src/main.py"
    assert about("analysis/main.py.md", paths) == "main.py"
    assert about("review/round-1/model.py.json", paths) == "model.py"
    assert about("repo/tests/test_model.py", paths) == ""
    assert about("planning/plan.json", paths) == ""


def test_the_states_of_a_file() -> None:
    model, experiments = "tinyfit/model.py", "tinyfit/experiments.py"

    def states(*events: Event) -> dict[str, tuple[str, str]]:
        return {file.path: (file.state, file.note) for file in files(progress(*events), (model, experiments))}

    assert states() == {model: ("waiting", "not yet"), experiments: ("waiting", "not yet")}
    assert states(ArtifactStarted(artifact=f"analysis/{experiments}.md"), *made(f"repo/{model}", 12)) == {
        model: ("made", "in 12 s"),
        experiments: ("open", "analysis"),
    }
    refused = AnswerRejected(agent="coding", subject=experiments, reason="no")
    assert states(ArtifactStarted(artifact=f"repo/{experiments}"), refused)[experiments] == (
        "open",
        "coding, try 2",
    )
    assert states(ArtifactEdited(artifact=f"repo/{experiments}", stale=False))[experiments] == (
        "edited",
        "your edit",
    )


CHAIN = LogicDesign.model_validate(
    {
        "packages": [],
        "shared_knowledge": "",
        "files": [
            {"path": "a.py", "implements": ""},
            {"path": "b.py", "implements": "", "imports": [{"path": "a.py", "names": ["f"]}]},
            {"path": "c.py", "implements": "", "imports": [{"path": "b.py", "names": ["f"]}]},
            {"path": "d.py", "implements": ""},
        ],
    }
)


def left(*events: Event, now: float, logic: LogicDesign | None = CHAIN) -> float:
    found = progress(*events)
    return time_left(found, shown(found, logic).values(), logic, now, 3600).seconds


def test_the_time_left_is_known_from_the_start_and_follows_the_pace_of_the_run() -> None:
    start = left(now=0, logic=None)
    assert start > 300
    fast = left(*made("planning/plan.json", 4.5), *made("planning/found.json", 4.5), now=10, logic=None)
    assert fast < start / 2  # ten times as fast as usual; only the execution does not depend on the model


def test_the_time_left_has_the_longest_path_through_the_imports() -> None:
    written = [event for name in "abcd" for event in made(f"analysis/{name}.py.md", 5)]
    written += [event for name in "ad" for event in made(f"repo/{name}.py", 10)]
    one, two = (left(*written, ArtifactStarted(artifact="repo/b.py", at=100), now=now) for now in (104, 106))
    assert one - two == pytest.approx(2)
    rest = [event for name in "bc" for event in made(f"repo/{name}.py", 10)]
    assert one - left(*written, *rest, now=104) == pytest.approx(6 + 10)


def test_trials_end_with_their_plan_and_a_diagnosis_with_its_budget() -> None:
    plan = ReproductionPlanned(
        trials=4, finished=0, omitted=0, claims=2, claims_total=2, seconds=100, budget=3600, workers=1, at=50
    )
    planned = progress(plan)
    assert time_left(planned, (), None, 60, 3600).seconds == 90
    planned.add(DiagnosisStarted(claims=1, hypotheses=3))
    found = time_left(planned, (), None, 600, 3600)
    assert (found.seconds, found.is_limit) == (3000, True)
