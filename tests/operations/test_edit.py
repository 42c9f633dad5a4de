"""An edit is written where it belongs, and over nothing that it does not know."""

from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.operations.edit import PENDING_EDITS, discard, pending_edits, save
from papercoder.runs.folder import lock


def test_an_edit_is_written_kept_as_executable_and_taken_back(tmp_path: Path) -> None:
    save(tmp_path, "repo/reproduce.sh", None, "one\n")
    (tmp_path / "repo" / "reproduce.sh").chmod(0o755)
    save(tmp_path, "repo/reproduce.sh", "one\n", "two\n")
    assert (tmp_path / "repo" / "reproduce.sh").read_text(encoding="utf-8") == "two\n"
    assert (tmp_path / "repo" / "reproduce.sh").stat().st_mode & 0o777 == 0o755
    save(tmp_path, "repo/reproduce.sh", "two\n", None)
    assert not (tmp_path / "repo" / "reproduce.sh").exists()


def test_edits_are_pending_until_they_are_discarded(tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text("one", encoding="utf-8")
    save(tmp_path, "plan.md", "one", "two")
    save(tmp_path, "plan.md", "two", "three")
    save(tmp_path, "new.md", None, "mine")
    assert pending_edits(tmp_path).before == {"plan.md": "one", "new.md": None}
    assert discard(tmp_path) == ("plan.md", "new.md")
    assert (tmp_path / "plan.md").read_text(encoding="utf-8") == "one"
    assert not (tmp_path / "new.md").exists()
    save(tmp_path, "plan.md", "one", "two")
    save(tmp_path, "plan.md", "two", "one")
    assert pending_edits(tmp_path).before == {}
    assert not (tmp_path / PENDING_EDITS).exists()


@pytest.mark.parametrize("before", [None, "an older text"])
def test_what_was_changed_since_is_not_written_over(tmp_path: Path, before: str | None) -> None:
    (tmp_path / "plan.md").write_text("theirs", encoding="utf-8")
    with pytest.raises(RunFolderError, match="has changed since you opened it"):
        save(tmp_path, "plan.md", before, "mine")
    assert (tmp_path / "plan.md").read_text(encoding="utf-8") == "theirs"


@pytest.mark.parametrize("artifact", ["../other.md", "repo/../../other.md", "link/other.md", "/other.md"])
def test_nothing_outside_is_written(tmp_path: Path, artifact: str) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "link").symlink_to(tmp_path)
    with pytest.raises(RunFolderError, match=r"leads out|is a link"):
        save(run, artifact, None, "mine")
    assert not (tmp_path / "other.md").exists()


def test_a_running_run_is_not_edited(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(RunFolderError, match="Another process"):
        save(tmp_path, "plan.md", None, "mine")
    assert not (tmp_path / "plan.md").exists()


def test_a_folder_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "plan.md").mkdir()
    with pytest.raises(RunFolderError, match="was not opened"):
        save(tmp_path, "plan.md", None, "mine")
