"""Selecting a sandbox by name, or the first that works, or none with a reason."""

import asyncio
from dataclasses import dataclass

import pytest

from papercoder.errors import SandboxError
from papercoder.sandbox import choosing
from papercoder.sandbox.choosing import choose, why_none
from papercoder.sandbox.contract import Sandbox
from papercoder.sandbox.plain import Plain


@dataclass(frozen=True)
class Finds:
    """Finds this sandbox, or gives this reason."""

    what: Sandbox | str

    async def __call__(self) -> Sandbox | str:
        return self.what


def test_the_first_sandbox_that_works_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    works = Plain()
    monkeypatch.setattr(choosing, "ISOLATED", {"one": Finds("one is not installed"), "other": Finds(works)})
    assert asyncio.run(choose()) is works


def test_the_reasons_are_given_where_no_sandbox_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "ISOLATED", {"one": Finds("one is not installed"), "other": Finds("other is broken")})
    assert asyncio.run(choose()) is None
    sentence = asyncio.run(why_none())
    assert "one is not installed; other is broken" in sentence
    assert "`--sandbox plain`" in sentence


def test_the_plain_sandbox_is_selected_only_by_name() -> None:
    assert asyncio.run(choose("plain")) == Plain()


def test_a_sandbox_that_is_asked_for_and_does_not_work_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choosing.SANDBOXES, "docker", Finds("no engine answers"))
    with pytest.raises(SandboxError, match="docker cannot be used: no engine answers"):
        asyncio.run(choose("docker"))


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SandboxError, match="choose auto, bubblewrap, docker, plain or none"):
        asyncio.run(choose("chroot"))
