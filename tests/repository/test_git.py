"""Which `.git` folders git is run in."""

import asyncio
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.repository.git import History, require_plain_git, run_git
from tests.support import git

REMOTE = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = git@example.org:someone/kiln.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
[user]
\tname = A. Author
"""


def test_a_folder_without_git_and_a_usual_one_are_plain(tmp_path: Path) -> None:
    require_plain_git(tmp_path)
    asyncio.run(run_git(tmp_path, "init", "--quiet", variables={}))
    require_plain_git(tmp_path)
    (tmp_path / ".git" / "config").write_text(REMOTE, encoding="utf-8")
    require_plain_git(tmp_path)
    assert asyncio.run(run_git(tmp_path, "config", "user.name", variables={})).text == "A. Author\n"


@pytest.mark.parametrize(
    "line",
    [
        "[core]\n\tfsmonitor = x",
        "[core] fsmonitor = x",
        "[core]\n\tFSMonitor=x",
        "[core]\n\tworktree = /tmp",
        "[core]\n\tsshCommand = x",
        '[core]\n\tbare = false \\\n[filter "x"]',
        '[filter "x"]\n\tclean = x',
        '[diff "x"]\n\ttextconv = x',
        "[include]\n\tpath = /tmp/x",
        '[includeIf "gitdir:/"]\n\tpath = x',
        "[extensions]\n\tworktreeConfig = true",
        '[remote "origin"]\n\tuploadpack = x',
        '[user]\n\tname = "a\\n"',
        "fsmonitor = x",
    ],
)
def test_a_setting_that_may_run_a_program_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(f"[core]\n\tbare = false\n{line}\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"git was not run in .*, because \.git/config has the line"):
        asyncio.run(run_git(tmp_path, "status", variables={}))


def commit(folder: Path, message: str, **files: str) -> None:
    async def go() -> None:
        await History(folder, 1_700_000_000).init()
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        await History(folder, 1_700_000_000).commit(message, tuple(f"{name}.py" for name in files))

    asyncio.run(go())


def test_a_commit_has_its_files_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    commit(tmp_path, "One", a="1")
    assert git(tmp_path, "ls-files").split() == ["a.py"]
    assert git(tmp_path, "log", "--format=%an %ae %at %s") == "PaperCoder papercoder@localhost 1700000000 One\n"
    assert git(tmp_path, "branch", "--show-current") == "main\n"


def test_the_same_files_make_the_same_history(tmp_path: Path) -> None:
    for name in ("one", "two"):
        commit(tmp_path / name, "One", a="1")
        commit(tmp_path / name, "Two", a="2", b="3")
    assert git(tmp_path / "one", "rev-parse", "HEAD") == git(tmp_path / "two", "rev-parse", "HEAD")


def test_nothing_changed_is_nothing_committed(tmp_path: Path) -> None:
    commit(tmp_path, "One", a="1")
    commit(tmp_path, "Two", a="1")
    assert git(tmp_path, "log", "--format=%s") == "One\n"


def test_a_branch_has_the_changed_files_and_leaves_the_folder_alone(tmp_path: Path) -> None:
    commit(tmp_path, "One", a="1", b="2")
    history = History(tmp_path, 1_700_000_000)
    asyncio.run(history.commit_branch("diagnosis/H1", "Try H1", {"a.py": "3\n", "new/c.py": "4\n"}))
    assert git(tmp_path, "log", "--format=%s", "diagnosis/H1") == "Try H1\nOne\n"
    assert git(tmp_path, "diff", "--name-only", "main", "diagnosis/H1").split() == ["a.py", "new/c.py"]
    assert git(tmp_path, "show", "diagnosis/H1:new/c.py") == "4\n"
    assert git(tmp_path, "status", "--porcelain") == ""
    assert (tmp_path / "a.py").read_text() == "1"


def test_the_users_git_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "gitconfig").write_text(f"[commit]\ngpgsign = true\n[core]\nhooksPath = {tmp_path / 'hook'}\n")
    (tmp_path / "hook" / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "hook" / "pre-commit").chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    (tmp_path / "repo").mkdir()
    commit(tmp_path / "repo", "One", a="1")
    monkeypatch.undo()
    assert git(tmp_path / "repo", "log", "--format=%an %s") == "PaperCoder One\n"
    assert not (tmp_path / "elsewhere").exists()


def test_ignored_files_are_committed_where_they_are_named(tmp_path: Path) -> None:
    commit(tmp_path, "One", a="1")
    (tmp_path / ".gitignore").write_text("*.py\n")
    commit(tmp_path, "Two", b="1")
    assert git(tmp_path, "ls-files").split() == ["a.py", "b.py"]


def test_what_is_gone_is_committed_as_gone(tmp_path: Path) -> None:
    commit(tmp_path, "One", a="1", b="2")
    (tmp_path / "b.py").unlink()
    asyncio.run(History(tmp_path, 1_700_000_000).commit("Two", ("a.py",), ("b.py", "never.py")))
    assert git(tmp_path, "ls-files").split() == ["a.py"]
    assert git(tmp_path, "status", "--short") == ""


def test_a_lock_that_a_killed_git_left_is_cleared(tmp_path: Path) -> None:
    commit(tmp_path, "One", a="1")
    (tmp_path / ".git" / "index.lock").touch()
    (tmp_path / ".git" / "refs" / "heads" / "main.lock").touch()
    commit(tmp_path, "Two", a="2")
    assert git(tmp_path, "log", "--format=%s") == "Two\nOne\n"


def test_without_git_there_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunFolderError, match="git was not found"):
        asyncio.run(History(tmp_path, 1_700_000_000).init())


def test_the_reason_is_reported_when_git_fails(tmp_path: Path) -> None:
    asyncio.run(History(tmp_path, 1_700_000_000).init())
    with pytest.raises(RunFolderError, match=r"git add failed in .*missing\.py"):
        asyncio.run(History(tmp_path, 1_700_000_000).commit("One", ("missing.py",)))
