"""The terminal during and after a bench."""

import io
from typing import Any

from papercoder.artifacts import BenchEntryResult, BenchResults, ClaimCounts, Interval, JudgeMean
from papercoder.bench.results.metrics import summarise_claims
from papercoder.console.bench import Board, Lines, show_results, watching
from papercoder.console.output import PlainConsole
from papercoder.runs.events import ArtifactStarted, CallMade, CallRetried, ExecutionStepEnded, RunStarted, TrialStarted
from tests.bench.results.test_files import judged, result

STARTED = RunStarted(paper="p", models={}, profile="full")


def call(cost: float | None = 0.25) -> CallMade:
    return CallMade(agent="a", subject="", model="m", prompt=1, cached=0, completion=1, cost_usd=cost, seconds=1.0)


class Paper:
    """A console of a steady width that can be read."""

    def __init__(self, *, terminal: bool = False, height: int = 100) -> None:
        self.text = io.StringIO()
        self.console = PlainConsole(file=self.text, width=200, height=height, force_terminal=terminal)

    def __str__(self) -> str:
        return self.text.getvalue()

    def lines(self) -> list[list[str]]:
        return [line.split() for line in str(self).splitlines() if line.strip()]


def shown(*entries: BenchEntryResult) -> list[list[str]]:
    paper = Paper()
    show_results(BenchResults(name="x", entries=entries), paper.console)
    return paper.lines()


def board(*entries: BenchEntryResult) -> Board:
    live = Board()
    live.on_start(BenchResults(name="x", entries=entries))
    return live


def test_claims_are_listed_by_paper_and_summarised() -> None:
    entries = tuple(
        result(name, claims=counts, trials=4, trials_measured=3, cost_usd=0.5, calls=1, seconds=1800.0)
        for name, counts in (("a", ClaimCounts(met=2)), ("b", ClaimCounts(differs=1, toy=4)), ("c", ClaimCounts()))
    )
    paper = Paper()
    show_results(BenchResults(name="x", entries=entries, claims=summarise_claims(entries)), paper.console)
    text = " ".join(str(paper).split())
    assert "b full 0 1 4 0 0 3/4 $0.50 0.5" in text
    assert "full 3 1 = 33% [1%, 91%] 1 = 33% [1%, 91%] 0 = 0% [0%, 71%] 1 = 33% [1%, 91%] $1.50 1.5" in text


def drawn(live: Board, height: int = 100) -> str:
    paper = Paper(height=height)
    paper.console.print(live)
    return str(paper)


def test_lines_tell_of_each_beginning_and_end() -> None:
    paper = Paper()
    lines = Lines(paper.console)
    entry = result(status="failed", reason="It [red]broke[/red].\nBadly.", calls=3, cost_usd=0.5, seconds=61)
    lines.on_start(BenchResults(name="x", entries=(entry, result("b"))))
    for event in (STARTED, STARTED, call()):
        lines.on_event(entry.entry, event)
    lines.on_entry_end(entry)
    assert str(paper).splitlines() == [
        "x: 2 entries, 1 of them already complete",
        "started a--full--m--1",
        "failed a--full--m--1 (3 calls, $0.50, 61 s): It [red]broke[/red].",
    ]


def test_the_live_table_shows_stage_calls_cost_and_totals() -> None:
    live = board(result(status="failed", reason="it was not started"), result("b"), result("c", status="partial"))
    live.on_event("a--full--m--1", STARTED)
    live.on_event("a--full--m--1", ArtifactStarted(artifact="repo/main.py"))
    live.on_event("a--full--m--1", call())
    live.on_event("a--full--m--1", call())
    text = drawn(live)
    first = text.splitlines()[1].split()
    assert first[:5] == ["a--full--m--1", "running", "coding", "2", "$0.50"]
    assert "1 complete, 1 running, 1 waiting" in text
    assert "2 calls" in text


def test_the_stage_of_a_entry_follows_its_events() -> None:
    live = board(result(status="failed"))
    row = live.rows["a--full--m--1"]
    live.on_event(row.entry, ExecutionStepEnded(step="smoke", status="skipped", seconds=1, reason=""))
    assert row.stage == "smoke: skipped"
    live.on_event(row.entry, TrialStarted(trial="ours-0", seconds=None))
    assert row.stage == "trial ours-0"
    live.on_event(row.entry, CallRetried(agent="a", subject="", reason="", wait=3.0))
    assert row.stage == "retrying in 3 s"
    live.on_event(row.entry, call(None))
    assert (row.calls, row.cost_usd) == (1, 0.0)


def test_what_ended_is_shown_as_it_ended() -> None:
    live = board(result(status="failed", reason="it was not started"))
    live.on_event("a--full--m--1", STARTED)
    live.on_entry_end(result(status="partial", reason="The [bold]cap[/bold].\nMore.", calls=7, seconds=3.0))
    row = live.rows["a--full--m--1"]
    assert (row.state, row.stage, row.calls, row.spent) == ("partial", "The [bold]cap[/bold].", 7, 3.0)
    assert "[bold]cap[/bold]" in drawn(live)


def test_of_very_many_entries_those_at_work_are_shown_and_the_others_counted() -> None:
    live = board(*(result(f"p{number}", status="failed", reason="") for number in range(100)))
    live.on_event("p99--full--m--1", STARTED)
    text = drawn(live)
    assert text.splitlines()[1].startswith("p99--")
    assert "70 more" in text


def test_the_live_table_fits_a_low_terminal_with_its_totals() -> None:
    live = board(*(result(f"p{number}", status="failed", reason="") for number in range(40)))
    lines = drawn(live, height=24).splitlines()
    assert len(lines) < 24
    assert lines[-1].rstrip().endswith("19 more")


def test_warnings_stay_below_the_live_table() -> None:
    live = board(result())
    live.on_warning("No node has a [GPU].")
    assert drawn(live).splitlines()[-1].strip() == "warning: No node has a [GPU]."


def test_a_price_that_is_not_known_is_not_shown_as_nothing() -> None:
    live = board(result(status="failed"), result("b", status="failed"))
    live.on_event("a--full--m--1", call(None))
    assert "price unknown" in drawn(live).splitlines()[1]
    live.on_event("b--full--m--1", call())
    assert "2 calls · $0.25 or more" in drawn(live)


def test_a_terminal_has_a_table_and_a_file_has_lines() -> None:
    terminal, file = Paper(terminal=True), Paper()
    for paper, kind in ((terminal, Board), (file, Lines)):
        with watching(paper.console) as listener:
            assert isinstance(listener, kind)
            listener.on_start(BenchResults(name="x", entries=(result(),)))
    assert "a--full--m--1" in str(terminal)


def test_the_results_of_one_entry_are_its_own() -> None:
    score = Interval(mean=4.0, low=3.5, high=4.5, n=8)
    fields: dict[str, Any] = {
        "executed": True,
        "steps": ("install", "import"),
        "requirements": 4,
        "implemented": 3,
        "claims": ClaimCounts(met=1, differs=2, not_run=2),
        "trials": 12,
        "trials_measured": 8,
    }
    lines = shown(result(**fields, judges=judged(score), rubric=0.5, cost_usd=1.5, seconds=61))
    assert lines[0][:5] == ["paper", "variant", "complete", "steps", "coverage"]
    assert lines[1][:4] == ["a", "full", "1/1", "import"]
    assert lines[1][4:12] == ["3/4", "1/5", "4.00", "[3.50,", "4.50]", "50.0", "%", "$1.50"]
    assert lines[2][:2] == ["1", "entry"]  # no second table for one paper


def test_the_results_of_many_are_counts_and_means_with_intervals() -> None:
    def scored(mean: float) -> tuple[JudgeMean, ...]:
        return judged(Interval(mean=mean, low=mean, high=mean, n=1))

    lines = shown(
        result("a", executed=True, steps=("install", "import", "start", "tests", "smoke"), judges=scored(3.0)),
        result("b", executed=True, judges=scored(5.0)),
    )
    assert [line[3] for line in lines[1:3]] == ["smoke", "none"]
    assert lines[-2][:4] == ["full", "2/2", "smoke", "1/2"]
    assert lines[-2][4:7] == ["4.00", "[1.00,", "5.00]"]  # two papers tell next to nothing


def test_what_nothing_was_observed_of_has_no_column_and_what_is_not_complete_says_why() -> None:
    lines = shown(result(), result("b", status="failed", reason="the [i]paper[/i] is broken"))
    assert "coverage" not in lines[0]
    assert "steps" not in lines[0]
    assert " ".join(lines[-2]) == "b--full--m--1: failed: the [i]paper[/i] is broken"
    assert " ".join(lines[-1]).startswith("2 entries (2 papers, 1 variant, 1 model): 1 complete, 1 failed. Total: ")


def test_models_are_named_if_there_are_several() -> None:
    lines = shown(result(), result(entry="a--full--n--1", model="n"))
    assert lines[0][:3] == ["paper", "variant", "model"]


def test_a_warning_is_printed_once_and_stays_visible() -> None:
    paper, live = Paper(), board(result())
    Lines(paper.console).on_warning("reproduce takes [8] GPUs")
    assert str(paper) == "warning: reproduce takes [8] GPUs\n"
    live.on_warning("reproduce takes [8] GPUs")
    live.on_event(result().entry, STARTED)
    assert drawn(live).splitlines()[-1].rstrip() == "warning: reproduce takes [8] GPUs"
