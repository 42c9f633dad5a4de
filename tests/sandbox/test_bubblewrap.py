"""The walls of a bubblewrap sandbox, as a command line and as one that works."""

import asyncio
import itertools
from pathlib import Path

import pytest

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from papercoder.sandbox.contract import Bind, Caps, Command, Sandbox
from tests.sandbox.conftest import isolating


def command(folder: Path, *argv: str, **more: object) -> Command:
    return Command(argv, Bind(folder, "/repository"), **more)  # type: ignore[arg-type]


def test_only_installers_have_the_network(tmp_path: Path) -> None:
    walls = Bubblewrap("bwrap")
    assert "--share-net" not in walls.prefix(command(tmp_path, "true"))
    assert "--share-net" in walls.prefix(command(tmp_path, "true", phase="install"))


def test_an_older_bubblewrap_is_asked_for_what_it_has(tmp_path: Path) -> None:
    argv = Bubblewrap("bwrap", options=frozenset()).prefix(command(tmp_path, "true"))
    assert "--size" not in argv
    assert "--disable-userns" not in argv
    assert ("--tmpfs", "/tmp") in set(itertools.pairwise(argv))


def test_without_it_the_reason_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asyncio.run(find_bubblewrap()) == "bubblewrap is not installed"
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    answer = asyncio.run(find_bubblewrap())
    assert isinstance(answer, str)
    assert "No permissions to create new namespace" in answer


@pytest.fixture
def walls() -> Sandbox:
    return isolating()


def run(walls: Sandbox, asked: Command) -> Outcome:
    return asyncio.run(walls.run(asked))


def test_what_is_bound_to_be_read_is_not_written(walls: Sandbox, tmp_path: Path) -> None:
    (given := tmp_path / "given").mkdir()
    (given / "data.txt").write_text("data", encoding="utf-8")
    (folder := tmp_path / "folder").mkdir()
    asked = command(
        folder, "sh", "-c", "cat /data/data.txt; touch /data/new; chmod 777 /data", readable=(Bind(given, "/data"),)
    )
    outcome = run(walls, asked)
    assert outcome.output.startswith("data")
    assert outcome.output.count("Read-only file system") == 2
    assert not (given / "new").exists()


def test_its_outcome_is_told_as_it_was(walls: Sandbox, tmp_path: Path) -> None:
    outcome = run(walls, command(tmp_path, "sh", "-c", "echo $SEED; pwd; exit 7", environment={"SEED": "41"}))
    assert (outcome.exit_code, outcome.output, outcome.cap) == (7, "41\n/repository\n", None)
    assert outcome.sandbox == "bubblewrap"
    assert not outcome.succeeded


def test_two_run_at_once_without_seeing_each_other(walls: Sandbox, tmp_path: Path) -> None:
    async def both() -> list[Outcome]:
        script = "echo mine > /tmp/mark; sleep 0.3; ls /tmp; ls /proc | grep -c '^[0-9]'"
        return list(await asyncio.gather(*(walls.run(command(tmp_path, "sh", "-c", script)) for _ in range(2))))

    for outcome in asyncio.run(both()):
        assert outcome.output.startswith("mark\n")
        assert int(outcome.output.split()[-1]) < 8


def test_a_command_that_is_not_there_fails(walls: Sandbox, tmp_path: Path) -> None:
    outcome = run(walls, command(tmp_path, "no-such-program", caps=Caps(seconds=5)))
    assert not outcome.succeeded
    assert "no-such-program" in outcome.output
