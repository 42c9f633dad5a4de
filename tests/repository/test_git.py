"""Which `.git` folders git is run in."""

import asyncio
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.repository.git import require_plain_git, run_git

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
