"""What is printed during a run."""

import io

import pytest

from papercoder.console.output import PlainConsole
from papercoder.console.progress import line, money, progress
from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallRetried,
    Event,
    Warned,
)


@pytest.mark.parametrize(
    ("event", "printed"),
    [
        (ArtifactStarted(artifact="a"), None),
        (ArtifactMade(artifact="a", seconds=1.25, calls=1), "made a (1 call, 1.2 s)"),
        (ArtifactMade(artifact="a", seconds=2, calls=2), "made a (2 calls, 2.0 s)"),
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


def test_a_stale_edit_is_reported() -> None:
    assert "have changed since" in (line(ArtifactEdited(artifact="a", stale=True)) or "")


@pytest.mark.parametrize("terminal", [True, False])
def test_names_with_brackets_are_shown_as_they_are(terminal: bool) -> None:
    out = io.StringIO()
    with progress(PlainConsole(file=out, force_terminal=terminal, width=200)) as tell:
        tell(ArtifactStarted(artifact="repo/main.py"))
        tell(Warned(where="[/red]", message="[bold]x"))
    assert "warning [/red]: [bold]x" in out.getvalue()


def test_money_says_what_it_leaves_out() -> None:
    assert money(0.12345, 0) == "$0.1235"
    assert money(0, 2) == "$0.0000 + 2 calls of unknown price"
