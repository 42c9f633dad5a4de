"""Reading, writing and listing regular files, and refusing everything else."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.files.regular import (
    append,
    delete,
    file_status,
    is_file,
    read_bytes,
    read_text,
    special_files,
    walk,
    write,
)
from tests.failing import failing_open


def test_a_file_is_written_read_appended_to_and_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    assert read_text(folder, "a/b.txt") is None
    write(folder, "a/b.txt", "α\r\n")
    append(folder, "a/b.txt", "more")
    assert read_text(folder, "a/b.txt") == "α\r\nmore"
    assert is_file(folder, "a/b.txt")
    assert not is_file(folder, "a")
    delete(folder, "a/b.txt")
    delete(folder, "a/b.txt")
    delete(folder, "missing/b.txt")
    assert read_bytes(folder, "a/b.txt") is None
    assert list((folder / "a").iterdir()) == []


def test_a_mode_is_kept(tmp_path: Path) -> None:
    write(tmp_path, "run.sh", "x", 0o755)
    status = file_status(tmp_path, "run.sh")
    assert status
    assert stat.S_IMODE(status.st_mode) == 0o755


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/../../b", "/etc/hostname", "a\0b"])
@pytest.mark.parametrize("use", [read_bytes, lambda folder, name: write(folder, name, "x"), delete])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str, use: Callable[[Path, str], object]) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(RunFolderError, match="leads out of the folder"):
        use(tmp_path / "run", name)
    assert not is_file(tmp_path / "run", name)


def test_the_folder_itself_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "a", "x")
    assert (tmp_path / "real" / "a").read_text() == "x"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a", "12345")
    assert read_text(tmp_path, "a", 5) == "12345"
    with pytest.raises(RunFolderError, match="larger than 4 bytes"):
        read_text(tmp_path, "a", 4)


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(RunFolderError, match="cannot be read as text"):
        read_text(tmp_path, "a")


def test_a_full_disk_leaves_no_part_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a", "before")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(RunFolderError, match="The disk is full"):
        write(tmp_path, "a", "after")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "before"


def test_a_read_only_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.open", failing_open("log", errno.EACCES))
    with pytest.raises(RunFolderError, match=r"log could not be written \(Permission denied\)"):
        append(tmp_path, "log", "x")


def test_files_are_listed_before_those_of_subfolders_and_by_name(tmp_path: Path) -> None:
    for name in ("b/c.py", "a.py", "b/a/x.py", "z.py", "skipped/y.py"):
        write(tmp_path, name, "")
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "linked").symlink_to("b")
    os.mkfifo(tmp_path / "b" / "pipe")
    enters = lambda folder: folder.name != "skipped"  # noqa: E731
    assert [str(path) for path in walk(tmp_path, enters=enters)] == ["a.py", "z.py", "b/c.py", "b/a/x.py"]
    assert [str(path) for path in walk(tmp_path, "b")] == ["c.py", "a/x.py"]
    assert [str(path) for path in walk(tmp_path, most=2)] == ["a.py", "z.py"]
    assert list(walk(tmp_path, "linked")) == []
    assert list(walk(tmp_path / "missing")) == []
    assert [str(path) for path in special_files(tmp_path, enters)] == ["link.py", "linked", "b/pipe"]
