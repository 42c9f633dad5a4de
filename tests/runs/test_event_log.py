"""Events are read in order, even after a kill left one half-written."""

from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import Event, RunEnded, RunStarted, Warned


def test_events_come_back_in_order_and_listeners_hear_them(tmp_path: Path) -> None:
    heard = list[Event]()
    log = EventLog(tmp_path, heard.append)
    said: list[Event] = [RunStarted(paper="p", models={}, profile="full"), Warned(where="a", message="é\u2028\x85\nb")]
    for event in said:
        log(event)
    signed = list(read_events(tmp_path))
    assert signed == heard
    assert [event.model_copy(update={"signature": ""}) for event in signed[:1]] + signed[1:] == said


@pytest.mark.parametrize("keep", [1, 20, -1, -2])
def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path: Path, keep: int) -> None:
    EventLog(tmp_path)(Warned(where="a", message="one"))
    torn = Warned(where="b", message="zwölf").model_dump_json().encode()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(torn[:keep])
    EventLog(tmp_path)(RunEnded(status="complete"))
    assert [event.kind for event in read_events(tmp_path)] == ["warned", "run_ended"]


def test_a_line_cut_within_a_letter_is_passed_over(tmp_path: Path) -> None:
    torn = Warned(where="b", message="ö").model_dump_json().encode()
    (tmp_path / "events.jsonl").write_bytes(torn[: torn.index("ö".encode()) + 1])
    EventLog(tmp_path)(RunEnded(status="complete"))
    assert [event.kind for event in read_events(tmp_path)] == ["run_ended"]


@pytest.mark.parametrize(
    "line",
    [
        '{"at":1.0,"kind":"run_started","paper":"p","models":{},"profile":"full","settings":{}}',
        '{"at":1.0,"kind":"run_started","format":3,"paper":"p","models":{},"profile":"full","settings":{}}',
        '{"at":1.0,"kind":"rung_ended","rung":"smoke","status":"seen","seconds":1.0,"reason":""}',
        '{"at":1.0,"kind":"warned","where":"a","message":"b","severity":1}',
    ],
    ids=["no number", "a later number", "an unknown event", "an unknown field"],
)
def test_events_of_another_version_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "events.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match=f"{tmp_path} was made by another version of PaperCoder"):
        list(read_events(tmp_path))


def test_a_folder_without_events_has_none(tmp_path: Path) -> None:
    assert list(read_events(tmp_path)) == []
    assert read_text(tmp_path, "events.jsonl") is None
