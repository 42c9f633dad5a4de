import time
from pathlib import Path

import pytest

from papercoder.artifacts.coding import CheckReport
from papercoder.errors import RunFolderError
from papercoder.stages.checking import check
from papercoder.stages.checking import repository as repository_module
from tests.stages.checking.conftest import Write


def test_a_good_repository_has_no_findings(good: CheckReport) -> None:
    assert good.findings == ()
    assert good.files == 9
    assert {count.errors for count in good.counts} == {0}


def test_errors_come_first_and_are_counted(write: Write) -> None:
    report = check(write({"b.py": "import os\n\n\nprint(missing)\n", "a.py": "import sys\n"}))
    assert [(one.severity, one.path) for one in report.findings] == [
        ("error", "b.py"), ("warning", "a.py"), ("warning", "b.py")
    ]  # fmt: skip
    assert len(report.errors) == 1
    assert next(count for count in report.counts if count.check == "names").warnings == 2
    assert CheckReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_code_is_a_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunFolderError, match="give the folder"):
        check(tmp_path / name)


def test_nothing_of_the_code_runs(write: Write, tmp_path: Path) -> None:
    touch = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    root = write({"main.py": touch, "conftest.py": touch, "setup.py": touch, "sitecustomize.py": touch})
    (root / "mypy.ini").write_text("[mypy]\nplugins = ./main.py\n")
    check(root)
    assert not (tmp_path / "ran").exists()


def test_what_is_no_text_or_too_much_is_said(write: Write) -> None:
    root = write({"fine.py": "X = 1\n", "deep.py": "X = " + "-" * 3000 + "1\n", "null.py": "X = '\0'\n"})
    (root / "latin.py").write_bytes(b"# caf\xe9\nX = 1\n")
    (root / "declared.py").write_bytes(b"# -*- coding: latin-1 -*-\n# caf\xe9\nX = 1\n")
    (root / "large.py").write_text("X = 1\n" * 200_000)
    report = check(root)
    assert {one.path for one in report.findings} == {"deep.py", "null.py", "latin.py", "large.py"}
    assert report.files == 2


def test_links_in_a_circle_and_deep_folders_come_to_an_end(write: Write) -> None:
    root = write({"a.py": "X = 1\n", "/".join(["d"] * 60) + "/b.py": "X = 1\n"})
    (root / "loop").symlink_to(root)
    (root / "broken.py").symlink_to(root / "nowhere")
    assert check(root).files == 1


def test_too_many_files_are_cut_with_a_finding(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_module, "MOST_MODULES", 5)
    report = check(write({f"m{number}.py": "X = 1\n" for number in range(9)}))
    assert report.files == 5
    assert "first 5" in report.findings[0].message


def test_a_thousand_files_take_seconds(write: Write) -> None:
    text = "def one(value: int) -> int:\n    return value + 1\n"
    root = write({f"package{number % 20}/module{number}.py": text for number in range(1000)})
    start = time.monotonic()
    assert check(root).findings == ()
    assert time.monotonic() - start < 60


def test_syntax_errors_have_their_lines_and_do_not_hide_the_rest(write: Write) -> None:
    report = check(write({"a.py": "X = 1\ndef f(:\n", "b.py": "return 1\n", "c.py": "print(missing)\n"}))
    assert [(one.check, one.path, one.line) for one in report.errors] == [
        ("syntax", "a.py", 2), ("syntax", "b.py", 1), ("names", "c.py", 1)
    ]  # fmt: skip
