"""Selecting a sandbox by name, or the first that works, or none with a reason."""

import asyncio
from dataclasses import dataclass

import pytest

from papercoder.errors import SandboxError
from papercoder.sandbox import selection
from papercoder.sandbox.contract import Sandbox
from papercoder.sandbox.selection import select_sandbox, why_unavailable
from papercoder.sandbox.subprocess import Subprocess


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
