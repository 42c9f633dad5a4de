"""Paid calls whose events were lost are added to the log, once."""

from pathlib import Path

from papercoder.bench.stored_entry import record_missing_calls
from papercoder.operations.environment import local_stores
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade
from papercoder.runs.summary import summarise
from tests.bench.benches import calls_of, run, write_manifest


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
