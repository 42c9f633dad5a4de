"""What processes leave behind that were killed, and what gathers in the cache."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from papercoder.cli import app
from papercoder.files import temporary
from papercoder.files.temporary import hold, is_abandoned, is_held, mark, sweep, temporary_folder
from papercoder.operations.data import cache_entries, prune
from papercoder.sandbox import control_group
from papercoder.sandbox.contract import Limits
from papercoder.sandbox.control_group import create_control_group
from papercoder.sandbox.docker import find_docker

DAY = 86_400
DIES = """
import os, sys
from papercoder.files.temporary import mark, new_temporary_folder
folder = new_temporary_folder()
(folder / "file").touch()
print(folder, mark(), sep="\\n", flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """The temporary folder and the mark of a process that was killed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    temporary._sweep_temporary_folders.cache_clear()
    ended = subprocess.run([sys.executable, "-c", DIES], capture_output=True, text=True, check=False)
    folder, dead_mark = ended.stdout.split()
    assert ended.returncode == -9
    return Path(folder), dead_mark


def test_folders_of_a_killed_process_are_swept_at_the_next_start(dead: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = dead
    assert (folder / "file").is_file()
    (tmp_path / "papercoder-of-the-user").mkdir()
    (tmp_path / f"papercoder-ffffffff-{os.getpid()}-1-other-machine").mkdir()
    with temporary_folder() as mine:
        assert {path.name for path in tmp_path.iterdir()} == {
            mine.name,
            "papercoder-of-the-user",
            f"papercoder-ffffffff-{os.getpid()}-1-other-machine",
        }
    assert not mine.exists()


def test_a_process_is_known_by_its_number_and_its_start(dead: tuple[Path, str]) -> None:
    assert not is_abandoned(f"papercoder-{mark()}-x")
    scope, pid, start = mark().split("-")
    assert is_abandoned(f"papercoder-{dead[1]}-x")
    assert is_abandoned(f"papercoder-{scope}-{pid}-{int(start) + 1}-x") == (sys.platform == "linux")
    assert not is_abandoned("papercoder-x")


def test_even_a_folder_that_is_too_deep_or_closed_is_deleted(tmp_path: Path) -> None:
    with temporary_folder() as folder:
        subprocess.run(
            [sys.executable, "-c", "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')"],
            cwd=folder,
            check=True,
        )
        (folder / "closed").mkdir(mode=0)
    assert not folder.exists()


def test_control_groups_of_a_killed_process_are_removed(dead: tuple[Path, str], tmp_path: Path) -> None:
    control_group._sweep.cache_clear()
    mount = tmp_path / "groups"
    left = mount / f"papercoder-{dead[1]}-x"
    left.mkdir(parents=True)
    (mount / "cgroup.procs").touch()
    assert create_control_group(Limits(), mount, "0::/\n")
    assert not left.exists()


def test_half_made_environments_of_a_killed_process_are_removed(dead: tuple[Path, str], tmp_path: Path) -> None:
    for name in (f".part-{dead[1]}-x", f".part-{mark()}-x", "finished"):
        (tmp_path / "environments" / name).mkdir(parents=True)
    sweep(tmp_path / "environments", ".part-")
    assert {path.name for path in (tmp_path / "environments").iterdir()} == {f".part-{mark()}-x", "finished"}


CLIENT = """#!/bin/sh
echo "$@" >> {folder}/asked
case "$1" in ps) printf 'papercoder-{dead}-x\\npapercoder-{alive}-x\\npapercoder-other\\n' ;; esac
"""


def test_containers_of_a_killed_process_are_removed(
    dead: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (client := tmp_path / "docker").write_text(CLIENT.format(folder=tmp_path, dead=dead[1], alive=mark()))
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    asyncio.run(find_docker())
    removed = [line for line in (tmp_path / "asked").read_text().splitlines() if line.startswith("rm")]
    assert removed == [f"rm --force --volumes papercoder-{dead[1]}-x"]


# The cache


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Environments used 40, 20 and 0 days ago, data and a diagram of today, 100 KB each."""
    ages = {"environments/a": 40, "environments/b": 20, "environments/c": 0, "data/url/x/key": 0}
    for name, age in ages.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "content").write_bytes(os.urandom(100_000))
        os.utime(tmp_path / name, (time.time() - age * DAY,) * 2)
    (tmp_path / "diagrams").mkdir()
    (tmp_path / "diagrams" / "d.svg").write_bytes(os.urandom(100_000))
    return tmp_path


def names(cache: Path) -> list[str]:
    return sorted(entry.path.relative_to(cache).as_posix() for entry in cache_entries(cache))


def test_the_cache_is_listed(cache: Path) -> None:
    assert names(cache) == ["data/url/x/key", "diagrams/d.svg", "environments/a", "environments/b", "environments/c"]
    assert all(100_000 < entry.size < 120_000 for entry in cache_entries(cache))


def test_what_was_not_used_for_long_is_removed(cache: Path) -> None:
    assert [entry.path.name for entry in prune(cache, older_than=30 * DAY)] == ["a"]
    assert "environments/a" not in names(cache)


def test_the_cache_is_capped(cache: Path) -> None:
    removed = prune(cache, max_size=350_000)
    assert [entry.path.name for entry in removed] == ["a", "b"]


def test_what_a_running_command_uses_stays(cache: Path, dead: tuple[Path, str]) -> None:
    hold(cache / "environments" / "a")
    (cache / ".held" / f"{dead[1]}-environments-b").touch()
    assert is_held(cache / "environments" / "a")
    assert not is_held(cache / "environments" / "b")
    assert [entry.path.name for entry in prune(cache, older_than=10 * DAY)] == ["b"]


def test_links_in_the_cache_are_not_followed(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "file").touch()
    (cache / "environments" / "link").symlink_to(outside)
    prune(cache, max_size=0)
    assert names(cache) == []
    assert (outside / "file").is_file()


def test_the_commands(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papercoder.settings.cache_folder", lambda: cache)
    listed = CliRunner().invoke(app, ["cache"])
    assert listed.exit_code == 0
    assert ["environments", "3"] in [line.split()[:2] for line in listed.output.splitlines()]
    pruned = CliRunner().invoke(app, ["cache", "prune", "--older-than", "30d", "--max-size", "350KB"])
    assert "Removed 2 entries" in pruned.output
    wrong = CliRunner().invoke(app, ["cache", "prune", "--older-than", "soon"])
    assert "--older-than soon: write an age such as 12h, 30d or 8w." in str(wrong.exception)
