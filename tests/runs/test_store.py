"""Paid work is whole on disk or not there."""

import errno
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.errors import RunFolderError
from papercoder.runs.store import FileStore, digest, remove_partial_files, write_synced
from tests.failing import failing_open
from tests.support import PAPER, PLAN

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
