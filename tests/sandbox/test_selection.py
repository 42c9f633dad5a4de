"""Selecting a sandbox by name, or the first that works, or none with a reason."""

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from papercoder.errors import SandboxError
from papercoder.sandbox import selection
from papercoder.sandbox.contract import Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import NOT_ISOLATED, Subprocess, select_sandbox, why_unavailable
from tests.waiting import until


@dataclass(frozen=True)
class Finds:
    """Finds this sandbox, or gives this reason."""

    what: Sandbox | str

    async def __call__(self) -> Sandbox | str:
        return self.what


def test_the_first_sandbox_that_works_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    works = Subprocess()
    monkeypatch.setattr(selection, "ISOLATED", {"one": Finds("one is not installed"), "other": Finds(works)})
    assert asyncio.run(select_sandbox("auto")) is works


def test_the_reasons_are_given_where_no_sandbox_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        selection, "ISOLATED", {"one": Finds("one is not installed"), "other": Finds("other is broken")}
    )
    assert asyncio.run(select_sandbox("auto")) is None
    sentence = asyncio.run(why_unavailable())
    assert "one is not installed; other is broken" in sentence
    assert "`--sandbox subprocess`" in sentence


def test_the_subprocess_sandbox_is_selected_only_by_name() -> None:
    assert asyncio.run(select_sandbox("subprocess")) == Subprocess()


def test_a_sandbox_that_is_asked_for_and_does_not_work_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(selection.SANDBOXES, "docker", Finds("no engine answers"))
    with pytest.raises(SandboxError, match="docker cannot be used: no engine answers"):
        asyncio.run(select_sandbox("docker"))


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SandboxError, match="choose auto, bubblewrap, docker, subprocess or none"):
        asyncio.run(select_sandbox("chroot"))


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
        monkeypatch.setattr(selection, "kernel_group", lambda limits: None)
    script = "(trap '' TERM; while :; do date +%N > alive; sleep 0.05; done) & wait"
    (tmp_path / "alive").touch()  # a slow machine may not get that far within the limit
    outcome = asyncio.run(Subprocess().run(replace(run(tmp_path, "sh", "-c", script), limits=Limits(seconds=0.5))))
    assert outcome.limit == "seconds"
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
