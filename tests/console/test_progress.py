"""What is printed during a run."""

import io
import re
from pathlib import Path

import pytest

from papercoder.console.output import PlainConsole
from papercoder.console.progress import Board, Work, line, progress
from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallRetried,
    CallStarted,
    Event,
    ReproductionPlanned,
    RunStarted,
    TrialEnded,
    TrialProgress,
    TrialStarted,
    Warned,
)
from tests.report.folders import planned_folder


@pytest.mark.parametrize(
    ("event", "printed"),
    [
        (ArtifactStarted(artifact="a"), None),
        (ArtifactMade(artifact="a", seconds=1.25, calls=1), "made a (1 call, 1.2 s)"),
        (ArtifactMade(artifact="a", seconds=2, calls=2), "made a (2 calls, 2.0 s)"),
        (ArtifactMade(artifact="reproduction/trials/t.json", seconds=2, calls=0), None),
        (ArtifactMade(artifact="diagnosis/H1.json", seconds=2, calls=1), "made diagnosis/H1.json (1 call, 2.0 s)"),
        (ArtifactReused(artifact="a", calls=1), "reused a"),
        (ArtifactEdited(artifact="a", stale=False), "edited a: using your version"),
        (CallRetried(agent="a", subject="s", reason="429", wait=3.4), "retrying a s in 3 s: 429"),
        (AnswerRejected(agent="a", subject="s", reason="one\ntwo"), "rejected a s: one"),
        (AnswerRejected(agent="a", subject="s", reason=""), "rejected a s: "),
        (Warned(where="w", message="m"), "warning w: m"),
    ],
)
def test_an_event_is_one_line_where_it_is_worth_one(event: Event, printed: str | None) -> None:
    assert line(event) == printed


def test_a_plan_is_printed_only_while_trials_are_left() -> None:
    shared = {"finished": 3, "omitted": 1, "claims": 2, "claims_total": 2, "seconds": 9, "budget": 60, "workers": 2}
    printed = line(ReproductionPlanned.model_validate({"trials": 4, **shared}))
    assert printed == (
        "plan: 4 trials, 2 at a time, in about 9.0 s of 60 s; they decide 2 of 2 claims; 3 finished before, 1 left out"
    )
    assert line(ReproductionPlanned.model_validate({"trials": 0, **shared})) is None


def test_a_stale_edit_is_reported() -> None:
    assert "have changed since" in (line(ArtifactEdited(artifact="a", stale=True)) or "")


@pytest.mark.parametrize("terminal", [True, False])
def test_names_with_brackets_are_shown_as_they_are(terminal: bool) -> None:
    out = io.StringIO()
    with progress(PlainConsole(file=out, force_terminal=terminal, width=200)) as tell:
        tell(ArtifactStarted(artifact="repo/main.py"))
        tell(Warned(where="[/red]", message="[bold]x"))
    assert "warning [/red]: [bold]x" in out.getvalue()


def test_a_line_has_its_time_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with progress(PlainConsole(file=out, width=200)) as tell:
        tell(ArtifactReused(artifact="a", calls=1))
    assert re.fullmatch(r"\d\d:\d\d:\d\d  reused a\n", out.getvalue())


def shown(work: Work, folder: Path, width: int, *events: Event) -> list[str]:
    """The lines of the display after these events."""
    out = io.StringIO()
    console = PlainConsole(file=out, width=width)
    board = Board(PlainConsole(file=io.StringIO(), quiet=True), work, folder)
    for event in events:
        board(event)
    console.print(board)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100])
def test_all_stages_are_shown_from_the_start_with_totals_current_files_and_cost(tmp_path: Path, width: int) -> None:
    folder = planned_folder(tmp_path)
    made = [ArtifactMade(artifact=f"planning/{name}.json", seconds=2, calls=1) for name in ("architecture", "logic")]
    call = CallMade(
        agent="coding",
        subject="fit.py",
        model="m",
        prompt=20_000,
        cached=0,
        completion=900,
        cost_usd=0.25,
        seconds=9,
    )
    lines = shown(
        "run",
        folder,
        width,
        RunStarted(paper="p.pdf", models={}, profile="full", settings={"max_cost": 5.0}),
        *made,
        ArtifactMade(artifact="repo/fit.py", seconds=3, calls=1),
        call,
        ArtifactStarted(artifact="repo/main.py"),
        CallStarted(agent="coding", subject="main.py", model="m", prompt=100),
    )
    text = "\n".join(lines)
    stages = ["reading", "planning", "analysis", "coding", "review", "tests", "execution"]
    assert [line.split()[0] for line in lines if line[:1].strip()][:-2] == stages
    assert "1 of 2 files" in text
    assert re.search(r"^ {15}main.py$", text, re.MULTILINE)
    assert re.search(r"about .* left · \$0.25 of \$5.00$", lines[-2])
    assert lines[-1] == "1 call, 1 active · 20.0 k tokens in, 900 out"
    assert max(map(len, lines)) <= width


def test_trials_have_a_bar_their_progress_and_the_claims(tmp_path: Path) -> None:
    plan = ReproductionPlanned(
        trials=4, finished=1, omitted=0, claims=3, claims_total=5, seconds=60, budget=120, workers=1
    )
    text = "\n".join(
        shown(
            "reproduce",
            tmp_path,
            80,
            plan,
            TrialStarted(trial="main-1", seconds=9),
            TrialEnded(trial="main-1", status="failed", seconds=9),
            TrialStarted(trial="main-2", seconds=9),
            TrialProgress(trial="main-2", fraction=0.25, seconds_left=30, values={"loss": 0.5}),
        )
    )
    assert "2 of 5 trials" in text
    assert re.search(r"main-2 +25% +30 s left +loss 0.5", text)
    assert "5 open · 1 trial failed" in text
