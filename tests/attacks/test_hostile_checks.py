"""Repositories and papers that make checks or readers fail, take minutes or take gigabytes."""

import asyncio
import errno
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from papercoder import cli
from papercoder.artifacts.coding import CheckReport
from papercoder.errors import PaperError, RunFolderError, SandboxError
from papercoder.files.temporary import delete_tree
from papercoder.paper import read, reading
from papercoder.paper.markdown import notes
from papercoder.paper.pdf import page
from papercoder.paper.pdf.page import joined, vocabulary
from papercoder.paper.reading import read_within_limits
from papercoder.runs.folder import lock
from papercoder.stages import checking
from papercoder.stages.checking import check, linters
from papercoder.stages.checking.honesty import check_stubs
from papercoder.stages.checking.imports import check_imports
from papercoder.stages.checking.repository import read_tree
from papercoder.stages.checking.settings import check_config
from papercoder.stages.execution.execute import execute
from tests.reproduction.packages import OwnPackages
from tests.sandbox.conftest import isolating
from tests.stages.execution.test_execute import LIMITS, write

# Papers


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    body = [{"text": "A \ud800 b \ud83d\ude00 c.", "section": "S"}]
    (tmp_path / "p.json").write_text(json.dumps({"title": "T \udfff", "pdf_parse": {"body_text": body}}))
    paper = read(tmp_path / "p.json")
    assert paper.title == "T \ufffd"
    assert "A \ufffd b \U0001f600 c." in paper.render()
    paper.model_dump_json().encode()


class Counting:
    """A pattern that counts the characters that it is given."""

    def __init__(self, pattern: "re.Pattern[str]") -> None:
        self.pattern = pattern
        self.characters = 0

    def search(self, text: str, *positions: int) -> "re.Match[str] | None":
        self.characters += len(text)
        return self.pattern.search(text, *positions)


def work(monkeypatch: pytest.MonkeyPatch, lines: int) -> int:
    """The characters that are searched to join lines."""
    counting = Counting(re.compile(page._HYPHENATED.pattern))
    with monkeypatch.context() as patched:
        patched.setattr(page, "_HYPHENATED", counting)
        text = ["the loss of the method is small and it ends here without a hy-", "phen"] * lines
        assert len(joined(text, vocabulary(text))) > 60 * lines
    return counting.characters


def test_joining_lines_takes_time_in_proportion_to_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work(monkeypatch, 2000) < 2.1 * work(monkeypatch, 1000)


def test_endless_blanks_are_shortened(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text(f"# T\n\n## 1 S\n\nBefore{chr(9) * 100_000}after.\n")
    assert "Before after." in read_within_limits(tmp_path / "p.md").render()


def test_footnotes_take_time_in_proportion_to_their_number() -> None:
    lines = ["# T", "# S", *(f"A word$^ {{ {n % 90 + 1} }}$ here." for n in range(4000))]
    assert calls_of(lambda: notes.with_footnotes(lines)) < 100 * len(lines)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "beginning", [r"\(", r"\[", r"\\[", r"\begin{equation}", r"\begin{align}", r"\begin{gather*}\begin{equation*}\[\("]
)
def test_formulas_that_begin_and_never_end_are_read_once(tmp_path: Path, beginning: str) -> None:
    """Each used to be searched to the end of the page, which took minutes for 250 KB."""
    text = "We train the model and measure its loss. " * 40 + beginning * (250_000 // len(beginning))
    (tmp_path / "p.html").write_text(f"<html><body><h1>T</h1><h2>1 S</h2><p>{text}</p><h2>2 E</h2><p>End.</p></body>")
    assert "End." in read(tmp_path / "p.html").render()


def test_reading_has_a_time_limit_for_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SMALL", 0)
    monkeypatch.setattr(reading, "TIME_LIMIT", 0.01)
    (tmp_path / "p.md").write_text("# T\n\n## S\n\nText.\n")
    with pytest.raises(PaperError, match=r"p\.md: reading took more than 0 s; give the paper in another format"):
        read_within_limits(tmp_path / "p.md")


def test_a_paper_that_is_read_in_a_process_of_its_own_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.md").write_text("# T\n\n## S\n\nText.\n")
    expected = read(tmp_path / "p.md")
    monkeypatch.setattr(reading, "_SMALL", 0)
    assert read_within_limits(tmp_path / "p.md") == expected
    (tmp_path / "empty.md").write_text("")
    with pytest.raises(PaperError, match="is empty; give the paper itself"):
        read_within_limits(tmp_path / "empty.md")


# Repositories


def findings(folder: Path, **files: str | bytes) -> dict[str, str]:
    """Path -> message of the findings about the files of a repository."""
    for name, content in files.items():
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        (folder / f"{name}.py").write_bytes(data)
    return {finding.path: finding.message for finding in check(folder).findings}


@pytest.mark.parametrize("encoding", ["hex", "rot13", "punycode", "idna", "unicode_escape", "no-such", "zlib"])
def test_strange_encodings_are_reported(tmp_path: Path, encoding: str) -> None:
    found = findings(tmp_path, a=f"# -*- coding: {encoding} -*-\nx = 1\n", b="y = 1\n")
    assert "not text" in found["a.py"]


def test_the_encoding_that_decodes_nothing_is_reported(tmp_path: Path) -> None:
    found = findings(tmp_path, a="# -*- coding: undefined -*-\nx = 1\n", b="y = 1\n")
    # Which of the two is said depends on the version of Python.
    assert found["a.py"].startswith(("The file is not text", "The file is not valid in its declared encoding"))


def test_characters_that_no_file_can_hold_are_reported(tmp_path: Path) -> None:
    found = findings(tmp_path, a=b"# -*- coding: utf-16-le -*-\n", b="y = '\ud800'\n")
    assert set(found) == {"a.py", "b.py"}


def test_ordinary_encodings_are_read(tmp_path: Path) -> None:
    assert findings(tmp_path, a="# coding: latin-1\nx = 'é'\n".encode("latin-1"), b=b"\xef\xbb\xbfy = 1\n") == {}


def test_a_number_of_a_gigabyte_costs_the_type_checker_alone(tmp_path: Path) -> None:
    began = time.monotonic()
    report = check_of(tmp_path, "X = 1 << 10**10\nY = 1 << 10**10 + 1\nZ = 1 << 10**10 + 2\n")
    assert time.monotonic() - began < 100
    assert any("calls were not checked" in finding.message for finding in report.findings)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1.2 * (1 << 20)  # KiB, of any child so far


def check_of(folder: Path, text: str) -> CheckReport:
    (folder / "a.py").write_text(text)
    return check(folder)


def test_a_tool_that_takes_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linters, "_MYPY_SECONDS", 0.05)
    report = check_of(tmp_path, "x = 1\n")
    assert [finding.message for finding in report.findings] == [
        "mypy took too much time or memory, so calls were not checked."
    ]


def work_of_stubs(folder: Path, modules: int) -> int:
    """The calls that the check of empty bodies makes."""
    folder.mkdir()
    for number in range(modules):
        lines = (f"import m{other}\n" for other in range(modules))
        (folder / f"m{number}.py").write_text("".join(lines) + "class A:\n    def f(self): ...\n")
    tree = read_tree(folder)
    return calls_of(lambda: list(check_stubs(tree)))


def calls_of(work: Callable[[], object]) -> int:
    """The calls that some work makes."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_modules_that_import_each_other_take_time_in_proportion_to_their_size(tmp_path: Path) -> None:
    """Four times the lines are four times the work."""
    assert work_of_stubs(tmp_path / "b", 60) < 4.5 * work_of_stubs(tmp_path / "a", 30)


def work_of_star_imports(folder: Path, modules: int) -> int:
    """The calls that the check of imports makes."""
    folder.mkdir()
    for number in range(modules):
        others = (f"from m{other} import *\n" for other in range(modules) if other != number)
        (folder / f"m{number}.py").write_text("".join(others) + f"name{number} = 1\n")
    (folder / "last.py").write_text(f"from m0 import name{modules - 1}, missing\n")
    tree = read_tree(folder)
    found = list[str]()
    calls = calls_of(lambda: found.extend(finding.message for finding in check_imports(tree)))
    assert found == ["`m0` has no `missing`."]
    return calls


@pytest.mark.timeout(60)
def test_modules_that_import_everything_from_each_other(tmp_path: Path) -> None:
    """Every path from module to module was followed: with ten modules, `check` did not end."""
    assert work_of_star_imports(tmp_path / "b", 40) < 4.5 * work_of_star_imports(tmp_path / "a", 20)


@pytest.mark.timeout(120)
def test_settings_and_places_that_read_them_are_too_many_to_compare(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("".join(f"k{number}: 1\n" for number in range(2000)))
    (tmp_path / "config.smoke.yaml").write_text("".join(f"k{number}: 1\n" for number in range(2000)))
    reads = "".join(f'x{number} = config["m{number}"]\n' for number in range(2000))
    text = f'import yaml\nwith open("config.yaml") as file:\n    config = yaml.safe_load(file)\n{reads}'
    (tmp_path / "main.py").write_text(text)
    found = [finding.message for finding in check_config(read_tree(tmp_path)) if finding.path == "config.yaml"]
    assert "The code reads too many settings to compare them with the file." in found
    assert len(found) < 10


def test_findings_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_FINDINGS", 3)
    report = check_of(tmp_path, "".join(f"import m{number}\n" for number in range(10)))
    listed = [finding for finding in report.findings if finding.check == "names"]
    assert len(listed) == 4
    assert "More than 3 findings; the others are not listed." in {finding.message for finding in report.errors}


def test_names_as_long_as_the_system_allows(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("x = 1\n")
    (tmp_path / f"{'n' * 252}.py").write_text("x =\n")
    (tmp_path / f"{'o' * 252}.so").write_text("")
    deep = tmp_path
    for _ in range(14):
        deep /= "d" * 250
        deep.mkdir()
        (deep / "a.py").write_text("x = 1\n")
    assert {finding.check for finding in check(tmp_path).findings} == {"syntax"}


def test_a_disk_that_fills_while_locking_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.pwrite", fail)
    with pytest.raises(RunFolderError, match="The disk is full"), lock(tmp_path):
        pass


def test_folders_that_are_too_deep_do_not_end_in_a_traceback(tmp_path: Path) -> None:
    write(tmp_path / "repo", {})
    deepen = "import os\nfor _ in range(1200): os.mkdir('d'); os.chdir('d')"
    subprocess.run([sys.executable, "-c", deepen], cwd=tmp_path / "repo" / "tests", check=True)
    assert check(tmp_path / "repo").files == 4
    with pytest.raises(SandboxError, match="nested too deep"):
        asyncio.run(execute(tmp_path / "repo", isolating(), OwnPackages(), LIMITS))
    delete_tree(tmp_path / "repo")


# The command line


def test_errors_of_the_operating_system_end_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/lock")

    monkeypatch.setattr("papercoder.operations.repair.check", fail)
    monkeypatch.setattr(sys, "argv", ["papercoder", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "papercoder: The operating system reports an error, no space left on device: '/somewhere/lock'. Free some "
        "space on the disk, and run the command again.\n"
    )
