"""What the page of a run shows; all text is escaped."""

import re
from concurrent.futures import Future
from dataclasses import replace

import pytest

from papercoder.artifacts import LogicDesign
from papercoder.report.diagrams import submit_graph
from papercoder.report.stages import FileView
from papercoder.runs.events import (
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallProgress,
    CallRetried,
    CallStarted,
    Event,
    ExecutionStepEnded,
    Forecast,
    RunStarted,
    Warned,
)
from papercoder.runs.progress import Progress
from papercoder.web.parts import live
from papercoder.web.runs.view import Pausing, RunStatus, State, View, view
from tests.support import LOGIC

STARTED = RunStarted(paper="p", models={}, profile="full", at=2)
HOSTILE = "<script>alert(1)</script>"


def seen(
    *events: Event, state: State = "running", logic: LogicDesign | None = None, here: bool = True, reason: str = ""
) -> View:
    progress = Progress()
    for event in (RunStarted(paper="p", models={}, profile="full", at=0), *events):
        progress.add(event)
    return view(progress, RunStatus(at=100.0, title="T", state=state, is_here=here, reason=reason, logic=logic))


def test_figures_say_what_is_known() -> None:
    call = CallMade(
        agent="a", subject="s", model="m", prompt=9000, cached=4000, completion=2, cost_usd=1.5, seconds=1, at=1
    )
    shown = live.figures(seen(call, CallStarted(agent="a", subject="t", model="m", prompt=1, at=90)))
    for words in ("1:40", "9,000", "4,000 cached", "$1.50", "and 1 active", "estimate"):
        assert words in shown


def test_all_stages_are_shown_with_their_artifacts() -> None:
    started = [ArtifactStarted(artifact=f"dancing/{number}.json") for number in range(7)]
    shown = live.stages(seen(*started, ArtifactReused(artifact="dancing/0.json", calls=1), logic=LOGIC))
    for words in ("1 of 7", "and 1 more", "0 of 2 files", "to come", "0 of 6 steps"):
        assert words in shown
    assert "known after planning" in live.stages(seen())


def test_what_is_made_again_is_marked() -> None:
    events = (ArtifactMade(artifact="repo/tinyfit/model.py", seconds=3, calls=1, at=1), STARTED)
    shown = live.stages(seen(*events, ArtifactStarted(artifact="repo/tinyfit/model.py", at=90), logic=LOGIC))
    assert "again, for 0:10" in shown
    assert "1 again" in shown


def test_what_a_request_writes_is_shown() -> None:
    sent = CallStarted(agent="coding", subject="a.py", model="m", prompt=1, at=90)
    writing = CallProgress(agent="coding", subject="a.py", completion=12, text=f"def fit(): {HOSTILE}")
    shown = live.active_calls(seen(sent, writing).calls)
    assert "12 tokens" in shown
    assert "def fit(): &lt;script" in shown


def test_the_longest_active_call_comes_first_with_its_retries() -> None:
    calls = [CallStarted(agent="a", subject=str(at), model="m", prompt=1, at=at) for at in (50, 10, 70)]
    shown = live.active_calls(seen(*calls, CallRetried(agent="a", subject="10", reason="429", wait=1)).calls)
    assert shown.index("a 10") < shown.index("a 50") < shown.index("a 70")
    assert shown.count("try 2") == 1


def graph(run: str, logic: LogicDesign, files: tuple[FileView, ...]) -> str:
    """The graph once Mermaid has laid it out."""
    if rendering := submit_graph(logic):
        rendering.result()
    return live.file_graph(run, logic, files)


def test_files_are_listed_until_the_graph_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papercoder.report.diagrams.submit_graph", lambda _: Future())
    shown = live.file_graph("r", LOGIC, seen(ArtifactStarted(artifact="repo/tinyfit/model.py"), logic=LOGIC).files)
    assert '<li class="is-open"><span class="mono">tinyfit/model.py</span>' in shown


def test_a_file_has_its_state_as_a_class_and_in_words() -> None:
    shown = seen(ArtifactStarted(artifact="repo/tinyfit/model.py"), logic=LOGIC)
    drawn = graph("r", LOGIC, shown.files)
    assert re.search('<g [^>]*class="m-node m-default is-open"', drawn)
    assert re.search('<g [^>]*class="m-node m-default is-waiting m-main"', drawn)
    assert "coding" in drawn
    assert "not yet" in drawn


def test_too_many_files_are_listed() -> None:
    files = [{"path": f"m{number}.py", "implements": ""} for number in range(200)]
    many = LogicDesign.model_validate({"files": files, "packages": [], "shared_knowledge": ""})
    assert live.file_graph("r", many, seen(logic=many).files).count("<li") == 200


@pytest.mark.parametrize("others", [0, 200])
def test_existing_files_are_links_in_the_graph_and_in_the_list(others: int) -> None:
    paths = ("made.py", "again.py", "started.py", f"{HOSTILE}.py", *(f"m{number}.py" for number in range(others)))
    files = [{"path": path, "implements": ""} for path in paths]
    logic = LogicDesign.model_validate({"files": files, "packages": [], "shared_knowledge": ""})
    made = [ArtifactMade(artifact=f"repo/{path}", seconds=1, calls=1) for path in paths if path != "started.py"][:3]
    started = [ArtifactStarted(artifact=f"repo/{path}") for path in ("again.py", "started.py")]
    shown = graph("a run", logic, seen(*made, *started, logic=logic).files)
    assert re.findall('href="(.*?)"', shown) == [
        "/run/a%20run/read?file=made.py",
        "/run/a%20run/read?file=again.py",
        "/run/a%20run/read?file=%3Cscript%3Ealert%281%29%3C%2Fscript%3E.py",
    ]
    assert "<script" not in shown
    assert 'role="img"' not in shown


def test_foreign_text_is_escaped() -> None:
    step = ExecutionStepEnded(step=HOSTILE, status="failed", seconds=1, reason=HOSTILE)
    found = seen(
        ArtifactStarted(artifact=f"{HOSTILE}/x"),
        CallStarted(agent="a", subject=HOSTILE, model="m", prompt=1),
        Warned(where=HOSTILE, message=HOSTILE),
        step,
        Forecast(message=HOSTILE),
    )
    for shown in (
        live.stages(found),
        live.active_calls(found.calls),
        live.warnings(found.summary.warnings),
        live.steps(found.steps, found.forecast),
    ):
        assert "<script" not in shown
        assert "&lt;script" in shown


@pytest.mark.parametrize(
    ("state", "here", "reason", "expected"),
    [
        ("running", True, "", "planning 0 of 8 · about"),
        ("running", False, "", "started elsewhere, stop it there"),
        ("partial", True, "the cap is reached", "The cap is reached. Finished work is kept"),
        ("interrupted", True, "", "Press Resume to continue"),
        ("complete", True, "", ""),
    ],
)
def test_the_state_is_explained_in_a_sentence(state: State, here: bool, reason: str, expected: str) -> None:
    sentence = live.state_sentence(seen(state=state, here=here, reason=reason))
    assert sentence == expected if not expected else expected in sentence


def test_a_pause_says_until_when() -> None:
    status = RunStatus(at=100.0, title="T", state="pausing", is_here=True, reason="", pausing=Pausing(90.0, 2))
    assert "when 2 requests are answered" in live.state_sentence(view(Progress(), status))
    assert "until you press Continue" in live.state_sentence(view(Progress(), replace(status, state="paused")))


def test_clocks() -> None:
    assert [live.clock(seconds) for seconds in (7.9, 723, 3723)] == ["0:07", "12:03", "1:02:03"]
