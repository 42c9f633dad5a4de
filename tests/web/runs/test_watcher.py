"""Runs of any process are watched."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import papercoder
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import (
    ArtifactMade,
    ArtifactStarted,
    Event,
    RunEnded,
    RunStarted,
)
from papercoder.runs.folder import lock
from papercoder.settings import Settings
from papercoder.web.runs import watcher as watching
from papercoder.web.runs.active import ActiveRuns
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.runs.view import View
from papercoder.web.runs.watcher import EventFollower, Watcher, Watchers
from tests.support import SIMULATED
from tests.waiting import until

STARTED = RunStarted(paper="p.pdf", models={}, profile="full")


def made(artifact: str, seconds: float = 1.0, at: float = 0.0) -> tuple[Event, Event]:
    return (
        ArtifactStarted(artifact=artifact, at=at),
        ArtifactMade(artifact=artifact, seconds=seconds, calls=1, at=at + seconds),
    )


@pytest.fixture
def watch(tmp_path: Path) -> Watcher:
    runs_folder = RunsFolder(tmp_path)
    (tmp_path / "one").mkdir()
    return Watchers(runs_folder, ActiveRuns(runs_folder)).of("one")


# Reading


def test_only_whole_lines_are_read_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    follower = EventFollower(path.parent)
    assert follower.read_new() == []
    text = (STARTED.model_dump_json() + "\n" + RunEnded(status="complete").model_dump_json() + "\n").encode()
    path.write_bytes(text[:-20])
    assert [event.kind for event in follower.read_new()] == ["run_started"]
    with path.open("ab") as file:
        file.write(text[-20:])
    assert [event.kind for event in follower.read_new()] == ["run_ended"]
    assert follower.read_new() == []


def test_an_incomplete_line_of_a_killed_process_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(STARTED.model_dump_json().encode() + b'\n{"kind": "run_en\n' + b"\xff\n")
    assert len(EventFollower(path.parent).read_new()) == 1


def test_a_restarted_run_is_read_from_its_start(watch: Watcher, tmp_path: Path) -> None:
    log = EventLog(tmp_path / "one")
    for event in (STARTED, *made("a/1"), RunEnded(status="complete")):
        log(event)
    assert watch.look().state == "complete"
    (tmp_path / "one" / "events.jsonl").unlink()
    assert watch.look().state == "new"
    EventLog(tmp_path / "one")(STARTED)
    assert not any(stage.has_started for stage in watch.look().stages)


def test_a_restarted_run_with_a_longer_log_is_read_from_its_start(watch: Watcher, tmp_path: Path) -> None:
    EventLog(tmp_path / "one")(STARTED)
    assert watch.look().state == "interrupted"
    (tmp_path / "one" / "events.jsonl").unlink()
    log = EventLog(tmp_path / "one")
    for event in (
        RunStarted(paper="another.pdf", models={}, profile="plan"),
        *made("a/1"),
        RunEnded(status="complete"),
    ):
        log(event)
    assert watch.look().summary.paper == "another.pdf"
    assert len(watch.events) == 4


def test_a_run_that_is_deleted_while_it_is_watched_is_not_begun(watch: Watcher, tmp_path: Path) -> None:
    EventLog(tmp_path / "one")(STARTED)
    watch.look()
    shutil.rmtree(tmp_path / "one")
    assert watch.look().state == "new"
    (tmp_path / "one").write_text("No folder any more.", encoding="utf-8")
    assert watch.look().state == "new"


# Watching


def test_a_run_is_running_while_it_is_locked_and_interrupted_after(watch: Watcher, tmp_path: Path) -> None:
    assert watch.look().state == "new"
    with lock(tmp_path / "one"):
        EventLog(tmp_path / "one")(STARTED)
        seen = watch.look()
        assert (seen.state, seen.is_here) == ("running", False)
    assert watch.look().state == "interrupted"
    EventLog(tmp_path / "one")(RunEnded(status="partial", reason="the cap"))
    assert (watch.look().state, watch.look().reason) == ("partial", "the cap")


def test_a_run_that_ends_while_it_is_read_is_not_interrupted(
    watch: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(folder: Path) -> bool:
        EventLog(folder)(RunEnded(status="partial", reason="the cap"))
        return False

    EventLog(tmp_path / "one")(STARTED)
    monkeypatch.setattr(watching, "is_locked", ends)
    seen = watch.look()
    assert (seen.state, seen.reason) == ("partial", "the cap")


@dataclass(frozen=True)
class EndedRun:
    """A run of this server after its end."""

    reason: str
    state: str = "ended"
    work: str = "pipeline"
    pausing: None = None
    budget: None = None
    pending: frozenset[str] = frozenset()


def test_the_reason_is_shown_even_if_the_disk_was_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs_folder = RunsFolder(tmp_path)
    active_runs = ActiveRuns(runs_folder)
    (tmp_path / "one").mkdir()
    monkeypatch.setattr(active_runs, "of", lambda _: EndedRun("The disk is full."))
    watch = Watchers(runs_folder, active_runs).of("one")
    EventLog(tmp_path / "one")(STARTED)
    assert (watch.look().state, watch.look().reason) == ("partial", "The disk is full.")
    EventLog(tmp_path / "one")(RunEnded(status="complete"))  # resumed in a terminal after space was freed
    assert (watch.look().state, watch.look().reason) == ("complete", "")


def test_all_listeners_are_called_until_they_leave(
    watch: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_EVERY", 0.01)
    one, two = list[View](), list[View]()

    async def play() -> None:
        leave_one, leave_two = watch.listen(one.append), watch.listen(two.append)
        log = EventLog(tmp_path / "one")
        log(STARTED)
        await until(lambda: len(two) == 1)
        leave_two()
        log(RunEnded(status="complete"))
        await until(lambda: len(one) == 2)
        leave_one()
        log(STARTED)
        await asyncio.sleep(0.1)

    asyncio.run(play())
    assert [view.state for view in one] == ["interrupted", "complete"]
    assert two == one[:1]


@pytest.mark.slow
def test_a_run_of_the_command_line_is_watched(watch: Watcher, tmp_path: Path, paper_file: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(papercoder.__file__).parents[1])}
    model = SIMULATED.replace("speed=100000", "speed=200,ttft=10")
    command = ["run", str(paper_file), "-o", str(tmp_path / "one"), "--model", model, "--sandbox", "none"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from papercoder.cli import main; main()", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    states = set[str]()
    with process:
        while process.poll() is None:
            seen = watch.look()
            states.add(seen.state)
            assert not seen.is_here
            time.sleep(0.02)
    assert {"running"} <= states <= {"new", "running", "complete"}
    seen = watch.look()
    assert seen.state == "complete"
    assert {file.state for file in seen.files} <= {"made"}
    assert all(stage.is_done for stage in seen.stages if stage.total)


def test_a_run_of_this_server_has_its_state(tmp_path: Path, paper_file: Path) -> None:
    runs_folder = RunsFolder(tmp_path)
    active_runs = ActiveRuns(runs_folder)
    watch = Watchers(runs_folder, active_runs).of("one")
    settings = Settings(model=SIMULATED.replace("speed=100000", "speed=100,ttft=50"), sandbox="none")

    async def play() -> None:
        await active_runs.start("one", str(paper_file), settings)
        run = active_runs.of("one")
        assert run
        assert (watch.look().state, watch.look().is_here) == ("running", True)
        run.pause()
        await until(lambda: watch.look().state == "paused")
        await active_runs.close()
        assert (watch.look().state, watch.look().is_here) == ("partial", False)
        assert "it was stopped" in watch.look().reason

    asyncio.run(play())
