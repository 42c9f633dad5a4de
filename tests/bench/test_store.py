"""An object store keeps what was paid for, whole or not at all."""

import asyncio
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fsspec
import pytest

from papercoder.bench.manifest import Entry
from papercoder.bench.observation import cost_of, is_complete
from papercoder.bench.store import (
    ObjectStore,
    read_object,
    record_missing_calls,
    restore,
    run_stored,
    stores_at,
    write_object,
)
from papercoder.errors import RunFolderError, SettingsError
from papercoder.operations.generate import RunEnvironment, local_stores
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade
from papercoder.runs.folder import FileStore
from papercoder.runs.summary import summarise
from tests.bench.benches import PUBLISHED, TINY, calls_of, entry_of, run, write_manifest
from tests.support import of_kind

MEMORY = "memory://papers"
PRICED = f"{TINY},price_in=1,price_out=10"


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store where a put is whole by itself, and one where a file is written and then named."""
    return f"{MEMORY}/run/steps" if request.param == "memory" else f"file://{tmp_path}/run/steps"


def test_texts_are_visible_to_the_next_process(url: str) -> None:
    store = ObjectStore(url)
    assert store.get("step-1") is None
    store.put("step-1", "first é")
    store.put("step-1", "second é")
    assert store.get("step-1") == "second é"
    again = ObjectStore(url)
    assert again.get("step-1") == "second é"
    assert list(again.texts()) == ["second é"]


def test_a_failed_put_keeps_the_earlier_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ObjectStore(f"file://{tmp_path}/steps")
    store.put("step-1", "paid")

    def dies(*_: Any) -> None:
        raise OSError("the machine went away")

    monkeypatch.setattr(store.files, "mv", dies)
    with pytest.raises(RunFolderError, match="did not answer"):
        store.put("step-1", "half")
    assert list(ObjectStore(f"file://{tmp_path}/steps").texts()) == ["paid"]


def test_a_shared_folder_uses_a_file_store(tmp_path: Path) -> None:
    assert isinstance(stores_at(f"file://{tmp_path}", "a").answers, FileStore)


@pytest.mark.parametrize("url", ["nowhere://a", "s3x://a"])
def test_an_unknown_protocol_is_an_error(url: str) -> None:
    with pytest.raises(SettingsError, match="cannot be reached"):
        ObjectStore(url)


def test_an_unreachable_store_is_an_error() -> None:
    with pytest.raises(RunFolderError, match="did not answer"):
        ObjectStore("ftp://127.0.0.1:1/a")


@pytest.mark.parametrize("foreign", [True, False], ids=["of its library", "of its own"])
def test_library_errors_are_translated(monkeypatch: pytest.MonkeyPatch, foreign: bool) -> None:
    class Away(Exception):
        """No credentials, say."""

    library = ModuleType("botocore.exceptions")
    monkeypatch.setattr(library, "BotoCoreError", Away, raising=False)
    monkeypatch.setitem(sys.modules, library.__name__, library)
    store = ObjectStore(MEMORY)

    def dies(*_: Any) -> None:
        raise Away("no credentials") if foreign else NotImplementedError

    monkeypatch.setattr(store.files, "pipe_file", dies)
    with pytest.raises(RunFolderError, match="did not answer"):
        store.put("step-1", "paid")


def test_objects_are_written_and_read() -> None:
    assert read_object(f"{MEMORY}/a/run.tar.gz") is None
    write_object(f"{MEMORY}/a/run.tar.gz", b"\x00\x01")
    assert read_object(f"{MEMORY}/a/run.tar.gz") == b"\x00\x01"


def stored(folder: Path, **changes: Any) -> Entry:
    manifest = write_manifest(folder, texts=1, variants=[PUBLISHED], models=PRICED)
    return entry_of(manifest, folder / "out").model_copy(update={"store": MEMORY, **changes})


def test_another_machine_resumes_without_paying_twice(tmp_path: Path) -> None:
    here = stored(tmp_path)
    first = asyncio.run(run_stored(here, RunEnvironment(), lambda _: None))
    assert first.status == "complete"
    assert not (here.folder / ".store" / "answers").exists()
    there = here.model_copy(update={"folder": tmp_path / "elsewhere" / here.id})
    emitted: list[Any] = []
    second = asyncio.run(run_stored(there, RunEnvironment(), emitted.append))
    assert of_kind(emitted, CallMade) == []
    assert (second.status, second.calls, second.cost_usd) == (first.status, first.calls, first.cost_usd)
    assert (there.folder / "repo" / "main.py").read_text() == (here.folder / "repo" / "main.py").read_text()


def test_the_latest_run_folder_is_restored_even_over_a_longer_log(tmp_path: Path) -> None:
    entry = stored(tmp_path)
    asyncio.run(run_stored(entry, RunEnvironment(), lambda _: None))
    there = entry.model_copy(update={"folder": tmp_path / "elsewhere" / entry.id})
    there.folder.mkdir(parents=True)
    begun = next(iter(read_events(entry.folder))).model_copy(update={"at": 1.0})
    (there.folder / "events.jsonl").write_text(f"{begun.model_dump_json()}\n" * 1000)
    restore(there)
    assert is_complete(there)
    assert (there.folder / "repo" / "main.py").is_file()


def test_an_interrupted_restore_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = stored(tmp_path)
    asyncio.run(run_stored(entry, RunEnvironment(), lambda _: None))
    there = entry.model_copy(update={"folder": tmp_path / "elsewhere" / entry.id})
    extract = tarfile.TarFile.extractall

    def breaks_off(archive: tarfile.TarFile, path: Path, members: list[tarfile.TarInfo], **how: Any) -> None:
        extract(archive, path, members[:-2], **how)
        raise OSError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(tarfile.TarFile, "extractall", breaks_off)
        with pytest.raises(OSError, match="the power went"):
            restore(there)
    assert (there.folder / "repo" / "main.py").is_file()
    assert not is_complete(there)
    assert cost_of(there.folder) == 0
    restore(there)
    assert is_complete(there)
    assert cost_of(there.folder) == cost_of(entry.folder) > 0


def test_costs_of_a_lost_machine_are_counted_from_its_answers(tmp_path: Path) -> None:
    lost = stored(tmp_path)
    result = asyncio.run(run_stored(lost, RunEnvironment(), lambda _: None))
    found = lost.model_copy(update={"folder": tmp_path / "elsewhere" / lost.id})
    _forget_the_folder(lost)
    assert cost_of(found.folder) == 0
    restore(found)
    restore(found)
    assert cost_of(found.folder) == pytest.approx(result.cost_usd)
    assert calls_of(found.folder).total() == result.calls


def _forget_the_folder(entry: Entry) -> None:
    import fsspec

    fsspec.filesystem("memory").rm(f"/papers/{entry.id}/run.tar.gz")


def test_calls_with_lost_events_are_counted(tmp_path: Path) -> None:
    entry = entry_of(write_manifest(tmp_path, texts=1, variants=[PUBLISHED], models=PRICED), tmp_path / "out")
    result = asyncio.run(run_stored(entry, RunEnvironment(), lambda _: None))
    log = entry.folder / "events.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:30]), encoding="utf-8")
    (entry.folder / "entry.json").unlink()
    before = len(of_kind(read_events(entry.folder), CallMade))
    restore(entry)
    assert before < len(of_kind(read_events(entry.folder), CallMade)) == result.calls


def test_a_lost_event_is_added_once_and_takes_no_time(tmp_path: Path) -> None:
    result = run(write_manifest(tmp_path, texts=1), tmp_path / "out").entries[0]
    folder = tmp_path / "out" / result.entry
    whole, log = calls_of(folder), folder / "events.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    lost = next(at for at, line in enumerate(lines) if '"kind":"call_made"' in line)
    log.write_text("".join(lines[:lost] + lines[lost + 1 :]))
    seconds = summarise(read_events(folder)).seconds
    assert calls_of(folder).total() == whole.total() - 1
    for _ in range(2):
        record_missing_calls(folder, local_stores(folder))
        assert calls_of(folder) == whole
    assert summarise(read_events(folder)).seconds == seconds


def test_without_answers_nothing_is_added(tmp_path: Path) -> None:
    record_missing_calls(tmp_path / "none", local_stores(tmp_path / "none"))
    assert not [event for event in read_events(tmp_path / "none") if isinstance(event, CallMade)]
    assert not (tmp_path / "none").exists()
