"""One process works in a folder at a time; a folder that cannot be written is an error."""

import errno
import fcntl
import multiprocessing
import os
from pathlib import Path
from typing import IO, Any

import pytest

from papercoder.errors import RunFolderError
from papercoder.files.regular import write
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import RunEnded
from papercoder.runs.folder import is_locked, lock
from tests.failing import failing_open


def _hold(folder: Path, held: Any, done: Any) -> None:
    with lock(folder):
        held.set()
        done.wait(60)


def test_a_second_process_learns_which_process_works_there(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, held, done))
    process.start()
    try:
        assert held.wait(60)
        message = rf"Another process \(pid {process.pid}\) is using .*choose another folder with -o"
        with pytest.raises(RunFolderError, match=message), lock(tmp_path):
            pass
    finally:
        done.set()
        process.join(60)
    with lock(tmp_path):
        pass


def test_a_folder_is_let_go_though_a_program_that_is_being_started_has_the_lock_open(tmp_path: Path) -> None:
    with lock(tmp_path), (tmp_path / ".store" / "lock").open() as beside:
        open_here = (int(path.name) for path in Path("/proc/self/fd").iterdir())
        held = next(fd for fd in open_here if fd != beside.fileno() and _is(fd, beside))
        inherited = os.dup(held)
    with lock(tmp_path):
        os.close(inherited)


def test_checking_a_lock_does_not_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lock(tmp_path):
        pass
    with (tmp_path / ".store" / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr("time.sleep", lambda _: looking.close())
        with lock(tmp_path):
            assert is_locked(tmp_path)


def _is(fd: int, file: IO[str]) -> bool:
    try:
        return os.path.sameopenfile(fd, file.fileno())
    except OSError:
        return False  # what listed the folder is closed again


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="could not be written"), lock(tmp_path / "file" / "run"):
        pass


@pytest.mark.parametrize(
    ("number", "message"), [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "could not be written")]
)
@pytest.mark.parametrize("name", ["events.jsonl", ".store/lock"])
def test_a_full_or_read_only_folder_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int, message: str
) -> None:
    (tmp_path / "events.jsonl").write_text("torn")
    monkeypatch.setattr(os, "open", failing_open(Path(name).name, number))
    with pytest.raises(RunFolderError, match=message), lock(tmp_path):
        EventLog(tmp_path)(RunEnded(status="complete"))


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run" / "repo").mkdir(parents=True)
    (tmp_path / "run" / "repo" / "src").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "run" / "repo" / "code").symlink_to(tmp_path / "run" / "repo")
    for name in ("repo/src/model.py", "repo/code/new/model.py"):
        with pytest.raises(RunFolderError, match="is a link or another special file"):
            write(tmp_path / "run", name, "code")
    assert list((tmp_path / "elsewhere").iterdir()) == []
