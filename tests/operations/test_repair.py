"""Repairing a repository without a run: edited in place, or not at all."""

import asyncio
from pathlib import Path

import pytest

from papercoder.artifacts import Edits, StepName, Trace, Traceability
from papercoder.errors import AnswerError, ModelError, RunFolderError
from papercoder.models.contract import Request
from papercoder.operations.repair import execute_repository, repair_repository
from papercoder.runs.folder import load
from papercoder.settings import Settings
from tests.scripted import Tree, block, executing, play
from tests.support import MAIN_PY, MODEL_PY, REQUIREMENTS, Says, tree

FIX = block("model.py", "    return w * x\n", "    return float(w) * x\n")
BREAKS = block("main.py", "import json\n", "import json\nimport nothing_of_the_name\n")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "repo"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(MODEL_PY, encoding="utf-8")
    (folder / "main.py").write_text(MAIN_PY, encoding="utf-8")
    (folder / "requirements.txt").write_text("pyyaml\n", encoding="utf-8")
    return folder


@pytest.fixture
def error(tmp_path: Path) -> Path:
    path = tmp_path / "error.txt"
    path.write_text("  File model.py, line 3\nTypeError: w is text\n", encoding="utf-8")
    return path


class RepairCommand:
    """Runs the command with these answers and returns the diff."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, repository: Path, error: Path, answers: Path) -> None:
        self.monkeypatch, self.repository, self.error, self.answers = monkeypatch, repository, error, answers
        self.requests: list[Request] = []

    def __call__(
        self, *answers: Says, repository: Path | None = None, error: Path | None = None, sandbox: str = "none"
    ) -> str:
        self.requests = play(self.monkeypatch, {"repair": list(answers)}).requests
        settings = Settings.model_validate({"sandbox": sandbox})
        return asyncio.run(
            repair_repository(repository or self.repository, error or self.error, self.answers, settings)
        )


@pytest.fixture
def repair(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, repository: Path, error: Path) -> RepairCommand:
    return RepairCommand(monkeypatch, repository, error, tmp_path / "answers")


def test_the_repository_is_edited_in_place_and_the_edits_are_shown(repair: RepairCommand, repository: Path) -> None:
    before = tree(repository)
    assert repair(FIX).splitlines() == [
        "--- a/model.py",
        "+++ b/model.py",
        "@@ -1,3 +1,3 @@",
        " def predict(w: float, x: float) -> float:",
        "     # R1: scaled input",
        "-    return w * x",
        "+    return float(w) * x",
    ]
    after = {**before, "model.py": MODEL_PY.replace("w * x", "float(w) * x").encode()}
    assert tree(repository) == after
    assert "TypeError: w is text" in repair.requests[0].text
    assert "Requirements that these files implement:\n\nNone." in repair.requests[0].text


def test_nothing_to_edit_changes_nothing(repair: RepairCommand, repository: Path) -> None:
    before = tree(repository)
    assert repair("NO EDITS") == ""
    assert tree(repository) == before


def test_traced_requirements_are_in_the_prompt(repair: RepairCommand, repository: Path) -> None:
    traces = tuple(Trace(requirement=item, owner=None) for item in REQUIREMENTS.items)
    table = Traceability(traces=traces).model_dump_json()
    (repository / "TRACEABILITY.json").write_text(table, encoding="utf-8")
    repair(FIX)
    assert "R1 (method, stated): The prediction is w x." in repair.requests[0].text


def test_the_same_command_again_makes_no_calls(repair: RepairCommand, repository: Path, tmp_path: Path) -> None:
    repair(FIX)
    (repository / "model.py").write_text(MODEL_PY, encoding="utf-8")
    assert "float(w)" in repair("NO EDITS")
    assert repair.requests == []
    assert load(tmp_path / "answers", "edits.json", Edits).paths == {"model.py"}


def breaks(tree: Tree) -> tuple[StepName, str] | None:
    return ("import", "ImportError") if "nothing_of_the_name" in tree["main.py"] else ("smoke", "TypeError")


def test_edits_that_make_it_worse_are_not_written(
    repair: RepairCommand, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executing(monkeypatch, breaks)
    before = tree(repository)
    with pytest.raises(ModelError, match="made import fail, which passed before; nothing was written"):
        repair(BREAKS, sandbox="auto")
    assert tree(repository) == before


def test_edits_that_make_nothing_worse_are_written(
    repair: RepairCommand, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed = executing(monkeypatch, breaks)
    assert repair(FIX, sandbox="auto")
    assert len(executed) == 2


def test_where_nothing_can_be_observed_edits_are_written(
    repair: RepairCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    executing(monkeypatch, None)
    assert repair(FIX, sandbox="auto")


@pytest.mark.parametrize("name", ["none", "main.py", "empty"])
def test_a_folder_without_python_files_is_an_error(repair: RepairCommand, repository: Path, name: str) -> None:
    (repository / "empty").mkdir()
    with pytest.raises(RunFolderError, match=f"{name} is not a folder with Python files"):
        repair(FIX, repository=repository / name)
    with pytest.raises(RunFolderError, match=f"{name} is not a folder with Python files"):
        asyncio.run(execute_repository(repository / name, "auto"))


def test_a_repository_without_an_entry_can_be_repaired(repair: RepairCommand, repository: Path) -> None:
    (repository / "main.py").unlink()
    package = repository / "src"
    package.mkdir()
    (repository / "model.py").rename(package / "model.py")
    assert "+++ b/src/model.py" in repair(FIX.replace("model.py", "src/model.py"))


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_an_empty_error_file_is_an_error(repair: RepairCommand, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "silence.txt"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(RunFolderError, match="has no error output"):
        repair(FIX, error=path)


def test_a_binary_error_file_is_an_error(repair: RepairCommand, tmp_path: Path) -> None:
    path = tmp_path / "core"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunFolderError, match="core has no error output"):
        repair(FIX, error=path)


def test_an_error_that_was_cut_within_a_letter_is_read(repair: RepairCommand, error: Path) -> None:
    error.write_bytes("é".encode()[1:] + b" TypeError: last words\n")
    repair(FIX)
    assert "TypeError: last words" in repair.requests[0].text


def test_only_the_end_of_a_long_error_is_shown(repair: RepairCommand, error: Path) -> None:
    error.write_text(f"first words\n{'x' * 20_000}\nTypeError: last words\n", encoding="utf-8")
    repair(FIX)
    assert "last words" in repair.requests[0].text
    assert "first words" not in repair.requests[0].text


def test_edits_that_remove_a_requirement_mark_are_rejected(repair: RepairCommand, repository: Path) -> None:
    before = tree(repository)
    with pytest.raises(AnswerError):
        repair(block("model.py", "    # R1: scaled input\n", ""))
    assert tree(repository) == before


def test_links_lead_nowhere(repair: RepairCommand, repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository / "linked").symlink_to(outside, target_is_directory=True)
    with pytest.raises(RunFolderError, match="was not opened"):
        repair(block("linked/new.py", "", "x = 1\n") + "\n\n" + FIX)
    assert list(outside.iterdir()) == []
    assert (repository / "model.py").read_text(encoding="utf-8") == MODEL_PY
