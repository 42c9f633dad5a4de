"""The whole pipeline with a project that has to be revised and repaired: what it makes, and how it is resumed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from papercoder.artifacts import CheckReport, Repository, StepName, Verdicts
from papercoder.models.contract import Request
from papercoder.models.stack import calls
from papercoder.operations.generate import generate, made_again
from papercoder.operations.revise import load_design
from papercoder.runs.event_log import read_events
from papercoder.runs.events import ArtifactMade, CallMade, Emit, Event, RunEnded
from papercoder.runs.folder import answer_store, load
from papercoder.runs.summary import summarise
from papercoder.settings import Settings
from tests.scripted import TEST_PY, Tree, block, executing, fenced, play, project, verdict
from tests.support import MODEL_PY, calls_made, cancel_at, git, history_of, of_kind, tree

REVISED = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")
REPAIRED = block("tinyfit/experiments.py", "import json\n", "import json\nimport sys\n")


def review(request: Request) -> Verdicts:
    wrong = request.subject == "tinyfit/model.py" and "float(w)" not in request.text
    return verdict(request, "contradicts", "w is text.") if wrong else verdict(request)


def repair(request: Request) -> str:
    """At first what helps nothing, then what helps."""
    if "Earlier attempts and their outcomes" in request.text:
        return REPAIRED
    return block("tinyfit/model.py", "    # R1: scaled input\n", "    # R1: scaled input (eq:1)\n")


def judge(tree: Tree) -> tuple[StepName, str] | None:
    return None if "import sys" in tree["tinyfit/experiments.py"] else ("smoke", "NameError: sys")


ANSWERS = project(review=review, revise=REVISED, repair=repair)


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking takes seconds; what it finds has tests of its own."""
    for room in ("pipeline.rounds", "pipeline.pipeline"):
        monkeypatch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))


Line = Callable[..., Repository]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, paper_file: Path) -> Line:
    """Runs the pipeline in a folder."""
    play(monkeypatch, ANSWERS)
    executing(monkeypatch, judge)

    def run(folder: Path, **settings: object) -> Repository:
        chosen = Settings.model_validate({"refine": 0, **settings})
        return asyncio.run(generate(paper_file, folder, chosen))

    return run


def messages(folder: Path) -> list[str]:
    return [line.split(maxsplit=2)[2] for line in reversed(history_of(folder / "repo"))]


def test_what_is_wrong_is_revised_and_repaired(line: Line, tmp_path: Path) -> None:
    repository = line(tmp_path)
    texts = {file.path: file.text for file in repository.files}
    assert "float(w)" in texts["tinyfit/model.py"]
    assert "import sys" in texts["tinyfit/experiments.py"]
    assert texts["tests/test_tinyfit_model.py"] == TEST_PY
    assert repository.execution is not None
    assert repository.execution.passed[-1] == "smoke"
    assert repository.verdicts is not None
    assert repository.verdicts.failed == ()
    assert {path: (tmp_path / "repo" / path).read_text(encoding="utf-8") for path in texts} == texts
    assert summarise(read_events(tmp_path)).status == "complete"


def test_the_history_tells_each_step(line: Line, tmp_path: Path) -> None:
    line(tmp_path)
    assert messages(tmp_path) == [
        "Planning: the configuration",
        "Coding: the source files",
        "Packaging: what the code needs to run",
        "Review: round 1",
        "Property tests",
        "Repair 1: smoke",
        "Repair 2: smoke",
        "Execution: installed versions and results",
        "Packaging: README and traceability",
    ]
    assert git(tmp_path / "repo", "status", "--short") == ""


def test_a_second_run_makes_no_calls_and_no_commits(line: Line, tmp_path: Path) -> None:
    line(tmp_path)
    asked, files, history = calls_made(tmp_path), tree(tmp_path / "repo"), history_of(tmp_path / "repo")
    line(tmp_path)
    assert calls_made(tmp_path) == asked
    assert tree(tmp_path / "repo") == files
    assert history_of(tmp_path / "repo") == history


def test_files_written_at_once_are_revised_and_repaired_too(
    monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path
) -> None:
    model = play(monkeypatch, ANSWERS)
    executing(monkeypatch, judge)

    def run(**settings: object) -> Repository:
        chosen = Settings.model_validate({"refine": 0, **settings})
        return asyncio.run(generate(paper_file, tmp_path, chosen))

    repository = run()
    assert all(MODEL_PY not in request.text for request in model.of("coding"))
    assert repository.execution is not None
    assert repository.execution.passed[-1] == "smoke"
    asked = calls_made(tmp_path)
    assert run() == repository
    assert calls_made(tmp_path) == asked
    layered = Settings(refine=0, coding="layered")
    assert "the order of coding is layered instead of parallel" in made_again(tmp_path, layered)
    assert run(coding="layered") == repository
    assert len(model.of("coding")) == 4
    assert run() == repository
    assert len(model.of("coding")) == 4


def answers(agent: str, event: Event) -> bool:
    return isinstance(event, CallMade) and event.agent == agent


def made(artifact: str, event: Event) -> bool:
    return isinstance(event, ArtifactMade) and event.artifact == artifact


MOMENTS: list[tuple[Callable[[str, Event], bool], str]]
MOMENTS = [(answers, agent) for agent in ("review", "revise", "property_tests", "repair")]
MOMENTS += [(made, f"{name}.json") for name in ("execution/0", "repair/1", "execution/1", "repair/2", "execution/2")]


@pytest.mark.parametrize(("happens", "what"), MOMENTS, ids=[what for _, what in MOMENTS])
def test_an_interrupted_run_resumes_to_the_same_result(
    line: Line, paper_file: Path, tmp_path: Path, happens: Callable[[str, Event], bool], what: str
) -> None:
    line(tmp_path / "whole")

    def run(listener: Emit) -> Awaitable[Repository]:
        return generate(paper_file, tmp_path / "stopped", Settings(refine=0), [listener])

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel_at(lambda event: happens(what, event), run))
    assert summarise(read_events(tmp_path / "stopped")).reason == "it was interrupted"
    line(tmp_path / "stopped")
    assert tree(tmp_path / "stopped" / "repo") == tree(tmp_path / "whole" / "repo")
    assert messages(tmp_path / "stopped") == messages(tmp_path / "whole")
    assert calls_made(tmp_path / "stopped") <= calls_made(tmp_path / "whole")
    assert git(tmp_path / "stopped" / "repo", "status", "--short") == ""


def test_a_paper_in_the_runs_own_folder_stays_as_it_is(line: Line, paper_file: Path) -> None:
    before = paper_file.read_text(encoding="utf-8")
    line(paper_file.parent)
    asked = calls_made(paper_file.parent)
    line(paper_file.parent)
    assert paper_file.read_text(encoding="utf-8") == before
    assert calls_made(paper_file.parent) == asked


def test_without_a_sandbox_the_rest_is_made_all_the_same(line: Line, tmp_path: Path) -> None:
    repository = line(tmp_path, sandbox="none")
    assert repository.execution is None
    assert not (tmp_path / "execution").exists()
    assert (tmp_path / "repo" / "README.md").is_file()


def test_what_could_not_be_observed_makes_the_run_partial_until_it_can(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executing(monkeypatch, None)
    line(tmp_path)
    summary = summarise(read_events(tmp_path))
    assert (summary.status, summary.reason) == ("partial", "smoke was not run: the index is away")
    assert not [agent for agent, _ in calls_made(tmp_path) if agent == "repair"]
    executing(monkeypatch, judge)
    line(tmp_path)
    assert summarise(read_events(tmp_path)).status == "complete"


def test_what_still_fails_makes_the_run_partial(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, lambda _: ("import", "ImportError: no"))
    line(tmp_path, repair_rounds=1)
    summary = summarise(read_events(tmp_path))
    assert (summary.status, summary.reason) == (
        "partial",
        "import failed: it ended with exit code 1: ImportError: no",
    )


def test_what_was_found_out_is_noted(line: Line, tmp_path: Path) -> None:
    repository = line(tmp_path)
    assert load(tmp_path, "review/verdicts.json", Verdicts) == repository.verdicts
    assert load(tmp_path, "checking/report.json", CheckReport).files == 2
    assert (tmp_path / "report.html").is_file()


def test_an_error_of_our_own_ends_the_run_all_the_same(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("papercoder.pipeline.pipeline.trace", breaks)
    with pytest.raises(ZeroDivisionError):
        line(tmp_path)
    (end,) = of_kind(read_events(tmp_path), RunEnded)
    assert (end.status, "unexpected error" in end.reason) == ("partial", True)


def test_a_tester_without_a_fit_answer_leaves_tests_out(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, {**ANSWERS, "property_tests": fenced("x = 1\n")})
    repository = line(tmp_path)
    assert not [file.path for file in repository.files if file.path.startswith("tests/")]
    assert summarise(read_events(tmp_path)).warnings


def test_settings_that_an_analysis_finds_missing_reach_the_configuration(
    monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path
) -> None:
    found = "R1, R2, R3\n\nSETTING training.momentum = 0.5; smoke 0.1 (assumed): of the optimiser\n"
    play(monkeypatch, project(analysis=lambda request: found if "experiments" in request.subject else "R1, R2, R3"))
    settings = Settings.model_validate({"refine": 0, "sandbox": "none"})
    repository = asyncio.run(generate(paper_file, tmp_path, settings))
    texts = {file.path: file.text for file in repository.files}
    assert "  momentum: 0.5  # of the optimiser; ASSUMED\n" in texts["config.yaml"]
    assert "  momentum: 0.1  # of the optimiser; tiny\n" in texts["config.smoke.yaml"]
    coding = (call.request for call in calls(answer_store(tmp_path)) if call.request.agent == "coding")
    asked = {request.subject: request.text for request in coding}
    assert ["momentum: <float>" in asked[f"tinyfit/{name}.py"] for name in ("model", "experiments")] == [False, True]
    assert "training.momentum" in {value.key for value in load_design(tmp_path).config.values}
    before = calls_made(tmp_path)
    asyncio.run(generate(paper_file, tmp_path, settings))
    assert calls_made(tmp_path) == before, "nothing is asked again"
