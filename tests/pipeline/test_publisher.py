"""Publishing: what is on disk is what is in use, and its history tells each thing once."""

import asyncio
from pathlib import Path

import pytest

from papercoder.artifacts import SourceFile
from papercoder.pipeline.publisher import Files
from tests.scripted import CODE, Workshop
from tests.support import Scripted, git, history_of

SCRIPT = SourceFile(path="reproduce.sh", text="#!/bin/sh\n")
ONE, TWO = (SourceFile(path="tinyfit/model.py", text=f"x = {number}\n") for number in (1, 2))


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    workshop = Workshop(tmp_path / "run", Scripted({}))
    asyncio.run(workshop.publish.history.init())
    return workshop


def publish(shop: Workshop, files: Files, message: str) -> Files:
    return asyncio.run(shop.publish(files, message))


def messages(shop: Workshop) -> list[str]:
    return [line.split(maxsplit=2)[2] for line in reversed(history_of(shop.folder / "repo"))]


def test_files_are_written_and_committed(shop: Workshop) -> None:
    assert publish(shop, (*CODE, SCRIPT), "Coding") == (*CODE, SCRIPT)
    assert messages(shop) == ["Coding"]
    listed = git(shop.folder / "repo", "ls-files").split()
    assert listed == ["reproduce.sh", "tinyfit/experiments.py", "tinyfit/model.py"]
    assert (shop.folder / "repo" / "reproduce.sh").stat().st_mode & 0o111


def test_nothing_is_no_commit(shop: Workshop) -> None:
    assert publish(shop, (), "Nothing") == ()
    publish(shop, (ONE,), "Coding")
    publish(shop, (ONE,), "Again")
    assert messages(shop) == ["Coding"]


def test_resuming_makes_no_second_commit(shop: Workshop) -> None:
    for _ in range(2):
        publish(shop, (ONE,), "Coding")
        publish(shop, (TWO,), "Review: round 1")
        asyncio.run(shop.publish.finish((TWO,)))
    assert messages(shop) == ["Coding", "Review: round 1"]
    assert git(shop.folder / "repo", "status", "--short") == ""


def test_what_is_in_use_is_what_was_committed_last(shop: Workshop) -> None:
    """Forth and back again: the commit is there already, but it is not the last one."""
    for file in (ONE, TWO, ONE):
        publish(shop, (file,), "Coding")
    assert messages(shop) == ["Coding", "Coding"]
    asyncio.run(shop.publish.finish((ONE,)))
    assert messages(shop) == ["Coding", "Coding", "Files in use"]
    assert git(shop.folder / "repo", "show", "HEAD:tinyfit/model.py") == ONE.text
    assert git(shop.folder / "repo", "status", "--short") == ""


def test_the_users_text_is_in_use_and_committed(shop: Workshop) -> None:
    publish(shop, (ONE,), "Coding")
    assert shop.publish.edited((ONE,)) == frozenset()
    (shop.folder / "repo" / "tinyfit/model.py").write_text("mine\n", encoding="utf-8")
    assert shop.publish.edited((TWO, SCRIPT)) == {"tinyfit/model.py"}
    (used,) = publish(shop, (TWO,), "Review: round 1")
    assert used.text == "mine\n" == git(shop.folder / "repo", "show", "HEAD:tinyfit/model.py")


def test_what_the_plan_has_no_more_goes_and_the_users_stays(shop: Workshop) -> None:
    publish(shop, CODE, "Coding")
    (shop.folder / "repo" / "notes.txt").write_text("mine", encoding="utf-8")
    asyncio.run(shop.publish.finish(CODE[:1]))
    assert messages(shop) == ["Coding", "Remove files that the plan no longer has"]
    assert git(shop.folder / "repo", "ls-files").split() == ["tinyfit/model.py"]
    assert (shop.folder / "repo" / "notes.txt").exists()
    assert not (shop.folder / "repo" / "tinyfit/experiments.py").exists()
