"""Versions of a repository and what changed between them; git's settings in a foreign repository run nothing."""

import asyncio
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.repository.git import History, Output
from papercoder.web.parts.code_text import changes_html, file_changes


def repository(folder: Path) -> Path:
    """Two versions: a file is changed, one is new, one is not text."""

    async def write() -> None:
        history = History(folder, 1_700_000_000)
        await history.init()
        (folder / "fit.py").write_text("a = 1\nb = 2\n", encoding="utf-8")
        await history.commit("Coding <b>it</b>", ("fit.py",))
        (folder / "fit.py").write_text("a = 1\nb = 3\n", encoding="utf-8")
        (folder / "new file.md").write_text("<script>alert(1)</script>\n", encoding="utf-8")
        (folder / "data.bin").write_bytes(b"\0\1")
        await history.commit("Review", ("fit.py", "new file.md", "data.bin"))

    asyncio.run(write())
    return folder


def difference(folder: Path) -> Output:
    async def compare() -> Output:
        new, old = await History(folder).versions()
        return await History(folder).diff(old.id, new.id)

    return asyncio.run(compare())


def test_the_versions_the_newest_first(tmp_path: Path) -> None:
    found = asyncio.run(History(repository(tmp_path)).versions())
    assert [(one.message, one.when) for one in found] == [
        ("Review", 1_700_000_000),
        ("Coding <b>it</b>", 1_700_000_000),
    ]


def test_no_history_and_no_commit(tmp_path: Path) -> None:
    assert asyncio.run(History(tmp_path).versions()) == ()
    asyncio.run(History(tmp_path, 1).init())
    assert asyncio.run(History(tmp_path).versions()) == ()


def test_what_changed_file_by_file(tmp_path: Path) -> None:
    changes = {change.path: change for change in file_changes(difference(repository(tmp_path)).text)}
    assert list(changes) == ["data.bin", "fit.py", "new file.md"]
    assert (changes["fit.py"].added, changes["fit.py"].removed) == (1, 1)
    assert any("new file" in remark for remark in changes["new file.md"].remarks)
    assert any("Binary" in remark for remark in changes["data.bin"].remarks)


def test_the_page_of_changes_escapes(tmp_path: Path) -> None:
    text = asyncio.run(changes_html(repository(tmp_path), {}))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "Coding &lt;b&gt;it&lt;/b&gt;" in text


@pytest.mark.parametrize("name", ["HEAD", "--output=x", "", "0" * 40])
def test_what_is_no_version_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunFolderError):
        asyncio.run(History(repository(tmp_path)).diff(name, name))


def test_nothing_that_a_foreign_repository_names_is_run(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    seen = tmp_path / "seen"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {seen}\n", encoding="utf-8")
    program.chmod(0o755)
    with (folder / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n\thooksPath = {tmp_path}\n")
        config.write(f'[diff]\n\texternal = {program}\n[diff "x"]\n\ttextconv = {program}\n\tcommand = {program}\n')
        config.write(f"[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {program}\n")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text("* diff=x\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match="git was not run"):
        difference(folder)
    assert not seen.exists()
