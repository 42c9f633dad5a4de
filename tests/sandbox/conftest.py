"""A sandbox that isolates, with control groups and without, and a fixture that runs hostile code in it."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from papercoder.artifacts.execution import Outcome
from papercoder.environments.repository_copy import delete_folder
from papercoder.sandbox import bubblewrap
from papercoder.sandbox.contract import MIB, Bind, Command, Limits, Phase, Sandbox
from papercoder.sandbox.control_group import create_control_group
from tests.needs import missing

Attack = Callable[..., Outcome]

SMALL = Limits(seconds=10, memory=256 * MIB, processes=48, disk=32 * MIB, scratch=16 * MIB, output=4 * MIB)


def isolating() -> Sandbox:
    """A bubblewrap that works here."""
    found = asyncio.run(bubblewrap.find_bubblewrap())
    return missing("bubblewrap", found) if isinstance(found, str) else found


@pytest.fixture(params=["control group", "process tree"])
def sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    found = isolating()
    if request.param == "process tree":
        monkeypatch.setattr(bubblewrap, "kernel_group", lambda limits: None)
        return found
    group = create_control_group(SMALL)
    if group is None:
        pytest.skip("needs a writable control group: run as root on Linux")
    asyncio.run(group.remove())
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The working directory. Deletes even folders that are too deeply nested for pytest."""
    path = tmp_path / "repository"
    path.mkdir()
    yield path
    asyncio.run(delete_folder(path))


@pytest.fixture
def attack(sandbox: Sandbox, folder: Path) -> Attack:
    """Runs Python code with arguments in the sandbox."""

    def run(code: str, *arguments: str, limits: Limits = SMALL, phase: Phase = "run") -> Outcome:
        argv = (sandbox.python, "-c", code, *arguments)
        return asyncio.run(sandbox.run(Command(argv, Bind(folder, "/repository"), phase, limits=limits)))

    return run
