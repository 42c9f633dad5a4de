"""Control groups of both versions, in a folder that imitates the kernel's."""

from pathlib import Path

import pytest

from papercoder.sandbox.contract import Limits
from papercoder.sandbox.control_group import create_control_group

LIMITS = Limits(memory=1000, processes=7)


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """The layout of version 2, made of ordinary files."""
    for folder in (tmp_path, tmp_path / "user.slice", tmp_path / "user.slice" / "session"):
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.procs").touch()
    return tmp_path


def test_version_2_has_one_folder_for_both(version_2: Path) -> None:
    group = create_control_group(LIMITS, version_2, "0::/user.slice/session\n")
    assert group
    assert group.memory == group.tasks
    assert group.memory.parent == version_2 / "user.slice" / "session"
    assert (group.memory / "memory.max").read_text(encoding="ascii") == "1000"
    assert (group.memory / "pids.max").read_text(encoding="ascii") == "7"
    assert (group.memory / "memory.swap.max").read_text(encoding="ascii") == "0"


def test_the_kernel_counters_of_version_2(version_2: Path) -> None:
    group = create_control_group(LIMITS, version_2, "0::/\n")
    assert group
    (group.memory / "memory.stat").write_text("anon 300\nfile 5000\nshmem 20\n", encoding="ascii")
    (group.memory / "pids.current").write_text("4\n", encoding="ascii")
    assert group.measure(0).memory == 320
    assert group.measure(0).tasks == 4
    assert group.measure(0).limit is None
    (group.memory / "memory.events").write_text("oom 2\noom_kill 1\n", encoding="ascii")
    assert group.measure(0).limit == "memory"
    (group.memory / "memory.events").write_text("oom 0\noom_kill 0\n", encoding="ascii")
    (group.memory / "pids.events").write_text("max 3\n", encoding="ascii")
    assert group.measure(0).limit == "processes"


def test_a_group_is_created_below_the_parent_if_not_below_our_own(
    version_2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = Path.mkdir
    full = version_2 / "user.slice" / "session"

    def refuse(self: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if self.parent == full:
            raise PermissionError
        mkdir(self, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", refuse)
    group = create_control_group(LIMITS, version_2, "0::/user.slice/session\n")
    assert group
    assert group.memory.parent == version_2 / "user.slice"


def test_there_is_no_group_without_a_kernel_that_supports_it(tmp_path: Path) -> None:
    assert create_control_group(LIMITS, tmp_path, "0::/\n") is None
    assert create_control_group(LIMITS, tmp_path, "") is None


def test_version_1_has_a_folder_for_memory_and_one_for_processes(tmp_path: Path) -> None:
    for controller in ("memory", "pids"):
        (tmp_path / controller / "job").mkdir(parents=True)
        (tmp_path / controller / "job" / "cgroup.procs").touch()
    group = create_control_group(LIMITS, tmp_path, "4:memory:/job\n8:pids:/job\n0::/\n")
    assert group
    assert (group.memory / "memory.limit_in_bytes").read_text(encoding="ascii") == "1000"
    assert (group.tasks / "pids.max").read_text(encoding="ascii") == "7"
    assert group.memory != group.tasks
