"""One process works in a folder at a time; a folder that cannot be written is an error."""

import errno
import fcntl
import json
import multiprocessing
import os
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.errors import RunFolderError
from papercoder.files.regular import write
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import RunEnded
from papercoder.runs.folder import FileStore, digest, is_locked, lock, remove_partial_files, write_synced
from tests.failing import failing_open
from tests.support import PAPER, PLAN


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


KEYS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=4)


def test_get_gives_what_was_put(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "deep" / "store")
    assert store.get("key") is None
    store.put("key", "α\r\n\x00 text")
    store.put("key", "α\r\n\x00 text, later")
    assert (tmp_path / "deep" / "store" / "key").read_bytes() == "α\r\n\x00 text, later".encode()


def test_unreadable_content_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(RunFolderError, match=rf"{tmp_path}/bytes is damaged and cannot be read\. Delete it and run"):
        FileStore(tmp_path).get("bytes")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunFolderError, match=rf"{tmp_path}/folder was not opened"):
        FileStore(tmp_path).get("folder")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_survives_the_store(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = FileStore(tmp_path_factory.mktemp("store"))
    store.put("key", json.dumps(text, ensure_ascii=False))
    assert json.loads(store.get("key") or "") == text


@given(KEYS)
def test_equal_values_have_equal_digests_in_any_order(value: dict[str, object]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


def test_digests_tell_values_and_their_order_apart() -> None:
    digests = {digest(value) for value in ([1, 2], [2, 1], "1", 1, None, "", PAPER, PLAN, {"a": 1}, {"a": "1"})}
    assert len(digests) == 10


def test_a_lone_surrogate_has_a_digest() -> None:
    assert digest("\ud800") != digest("\ud801")


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_synced(tmp_path / "file", "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        RunFolderError, match=r"The disk is full: .*file could not be written\. Free some space and run"
    ):
        write_synced(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="could not be written"):
        write_synced(tmp_path / "file" / "key", "text")


def test_a_read_only_file_system_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.open", failing_open("part", errno.EROFS))
    with pytest.raises(RunFolderError, match=r"could not be written \(Read-only file system\)\. Make the folder writ"):
        write_synced(tmp_path / "file", "text")


def test_remove_partial_filesing_deletes_half_written_files_alone(tmp_path: Path) -> None:
    left = tmp_path / "deep" / f".{'0a' * 16}.part"
    mine = tmp_path / "deep" / ".mine.part"
    left.parent.mkdir()
    for path in (left, mine):
        path.write_text("")
    remove_partial_files(tmp_path)
    assert list(left.parent.iterdir()) == [mine]
