"""What a run folder says of itself."""

from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.repository.traceability import trace
from papercoder.runs import overview as show
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import RunEnded, RunStarted
from papercoder.runs.folder import is_locked, lock
from papercoder.runs.overview import report
from tests.support import REQUIREMENTS, architecture

STARTED = RunStarted(paper="p.pdf", models={}, profile="full")


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"is not a run folder: it has no events\.jsonl"):
        report(tmp_path)


def test_a_run_is_running_while_its_folder_is_held_and_else_interrupted(tmp_path: Path) -> None:
    with lock(tmp_path):
        EventLog(tmp_path)(STARTED)
        assert is_locked(tmp_path)
        assert report(tmp_path).status == "running"
    assert not is_locked(tmp_path)
    assert report(tmp_path).status == "interrupted"
    EventLog(tmp_path)(RunEnded(status="complete"))
    assert report(tmp_path).status == "complete"


def test_a_run_that_ends_while_it_is_looked_at_is_not_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(folder: Path) -> bool:
        EventLog(folder)(RunEnded(status="complete"))
        return False

    EventLog(tmp_path)(STARTED)
    monkeypatch.setattr(show, "is_locked", ends)
    assert report(tmp_path).status == "complete"


def test_requirements_and_files_are_counted(tmp_path: Path) -> None:
    EventLog(tmp_path)(STARTED)
    assert report(tmp_path).requirements.total == 0
    (tmp_path / "planning").mkdir()
    (tmp_path / "planning" / "requirements.json").write_text(REQUIREMENTS.model_dump_json())
    before = report(tmp_path).requirements
    assert (before.total, before.by_status, before.unmarked) == (2, {"stated": 2}, ("R1", "R2"))
    assert not before.is_traced
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / ".git" / "HEAD").write_text("")
    (tmp_path / "repo" / "main.py").write_text("")
    traced = trace(REQUIREMENTS, architecture(main=("R1",)), ())
    (tmp_path / "repo" / "TRACEABILITY.json").write_text(traced.model_dump_json())
    after = report(tmp_path)
    assert after.files == ("TRACEABILITY.json", "main.py")
    assert after.requirements.is_traced
    assert after.requirements.unowned == ("R2",)


def test_a_broken_artifact_does_not_stop_the_report(tmp_path: Path) -> None:
    EventLog(tmp_path)(STARTED)
    (tmp_path / "planning").mkdir()
    (tmp_path / "planning" / "requirements.json").write_text("{")
    assert report(tmp_path).requirements.total == 0
