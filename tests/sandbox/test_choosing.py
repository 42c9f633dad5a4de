"""The sandbox asked for, the first that isolates, or none with the reason."""

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
    """Finds what it is told to."""

    what: Sandbox | str

    async def __call__(self) -> Sandbox | str:
        return self.what


def test_the_first_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    works = Plain()
    monkeypatch.setattr(choosing, "ISOLATED", {"one": Finds("one is not installed"), "other": Finds(works)})
    assert asyncio.run(choose()) is works


def test_without_isolation_there_is_none_and_the_reasons_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "ISOLATED", {"one": Finds("one is not installed"), "other": Finds("other is broken")})
    assert asyncio.run(choose()) is None
    sentence = asyncio.run(why_none())
    assert "one is not installed; other is broken" in sentence
    assert "Install bubblewrap" in sentence


def test_no_isolation_is_had_by_name_alone() -> None:
    assert asyncio.run(choose("plain")) == Plain()


def test_what_does_not_work_is_an_error_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choosing.SANDBOXES, "docker", Finds("no engine answers"))
    with pytest.raises(SandboxError, match="docker cannot be used: no engine answers"):
        asyncio.run(choose("docker"))


def test_an_unknown_name_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(SandboxError, match="bubblewrap, docker, plain"):
        asyncio.run(choose("chroot"))
