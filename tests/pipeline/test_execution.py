"""What is observed of files is kept for the same circumstances, and for no others."""

import asyncio
from pathlib import Path

import pytest

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport, SourceFile
from papercoder.pipeline import publisher as executing
from papercoder.pipeline.publisher import execute_in_run
from papercoder.runs.events import ArtifactReused, Event
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from tests.scripted import observed
from tests.support import Scripted, make_agents, of_kind

FILES = (SourceFile(path="main.py", text="print()\n"),)


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What was executed, and with a GPU or without."""
    done: list[tuple[str, bool]] = []

    async def execute_files(
        context: Agents, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False
    ) -> ExecutionReport:
        done.append(("up to smoke", gpu))
        return observed(None)

    monkeypatch.setattr(executing, "execute_files", execute_files)
    return done


def run_in(folder: Path, events: list[Event]) -> Run[Agents]:
    return Run(folder, make_agents(Scripted({}), events.append), events.append, step_store(folder))


def look(folder: Path, *, gpu: bool, events: list[Event] | None = None) -> ExecutionReport:
    run = run_in(folder, events if events is not None else [])
    return asyncio.run(execute_in_run(run, "execution/0.json", FILES, "auto", gpu))


def test_a_gpu_reaches_every_step(tmp_path: Path, lent: list[tuple[str, bool]]) -> None:
    look(tmp_path, gpu=True)
    assert lent == [("up to smoke", True)]


def test_an_execution_without_a_gpu_is_not_reused_with_one(tmp_path: Path, lent: list[tuple[str, bool]]) -> None:
    look(tmp_path, gpu=False)
    look(tmp_path, gpu=True)
    look(tmp_path, gpu=False)
    look(tmp_path, gpu=True)
    assert [gpu for _, gpu in lent] == [False, True]


def test_an_execution_from_before_this_setting_is_reused(tmp_path: Path, lent: list[tuple[str, bool]]) -> None:
    """The step as runs of that time made it: with files and sandbox alone."""
    run = run_in(tmp_path, [])
    asyncio.run(run.step("execution/0.json", vars(executing)["execute_files"], FILES, "auto"))
    events: list[Event] = []
    look(tmp_path, gpu=False, events=events)
    assert [event.artifact for event in of_kind(events, ArtifactReused)] == ["execution/0.json"]
    assert len(lent) == 1
