"""The subprocess sandbox: no isolation, but a clean environment, limits, and a note that says so."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from papercoder.sandbox import subprocess
from papercoder.sandbox.contract import Bind, Command, Limits
from papercoder.sandbox.subprocess import NOT_ISOLATED, Subprocess
from tests.waiting import until


def run(folder: Path, *argv: str, **more: object) -> Command:
    return Command(argv, Bind(folder, "/repository"), **more)  # type: ignore[arg-type]


def test_it_notes_that_the_code_was_not_isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-user")
    outcome = asyncio.run(Subprocess().run(run(tmp_path, "env")))
    assert outcome.notes[0] == NOT_ISOLATED
    assert "secret-of-the-user" not in outcome.output


def test_paths_are_translated_both_ways(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("here", encoding="utf-8")
    outcome = asyncio.run(Subprocess().run(run(tmp_path, "sh", "-c", "cat /repository/note.txt; pwd")))
    assert outcome.output == "here/repository\n"


@pytest.mark.parametrize("group", [True, False], ids=["control group", "process tree"])
def test_all_processes_end_at_the_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: bool) -> None:
    if not group:
        monkeypatch.setattr(subprocess, "kernel_group", lambda limits: None)
    script = "(trap '' TERM; while :; do date +%N > alive; sleep 0.05; done) & wait"
    (tmp_path / "alive").touch()  # a slow machine may not get that far within the limit
    outcome = asyncio.run(Subprocess().run(replace(run(tmp_path, "sh", "-c", script), limits=Limits(seconds=0.5))))
    assert outcome.timed_out
    alive = (tmp_path / "alive").read_text(encoding="ascii")
    time.sleep(0.2)
    assert (tmp_path / "alive").read_text(encoding="ascii") == alive


def test_all_processes_end_when_it_is_cancelled(tmp_path: Path) -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(
            Subprocess().run(run(tmp_path, "sh", "-c", "while :; do date +%N > alive; sleep 0.05; done"))
        )
        await until((tmp_path / "alive").exists)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    alive = (tmp_path / "alive").read_text(encoding="ascii")
    time.sleep(0.2)
    assert (tmp_path / "alive").read_text(encoding="ascii") == alive
