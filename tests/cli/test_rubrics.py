"""`papercoder rubric`: a draft for a paper, what it cost and where it is."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder import cli
from papercoder.evaluation.rubric import load_rubric
from tests.scripted import play, project
from tests.support import SIMULATED, calls_made

Say = Callable[..., tuple[int, str, str]]
"""From arguments to exit code, output and errors."""


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs `papercoder rubric` in this process."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["papercoder", "rubric", *map(str, arguments)])
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return int(bool(code)) if not isinstance(code, int) else code, out, err

    return run


def test_a_rubric_is_drafted_and_shown_in_figures(say: Say, paper_file: Path, tmp_path: Path) -> None:
    code, out, err = say(paper_file, "--model", SIMULATED, "-o", tmp_path / "mine.json")
    assert (code, err) == (0, "")
    folder = Path("runs/rubric-paper.md")
    rubric = load_rubric(folder / "rubric.json")
    assert load_rubric(tmp_path / "mine.json") == rubric
    leaves = list(rubric.leaves)
    assert f"{len(leaves)} leaves in {len(rubric.sub_tasks)} group" in out
    assert f"{calls_made(folder).total()} calls made, $0.00, in {folder}" in out
    assert f"rubric: {folder / 'rubric.json'}" in out
    assert f"copy: {tmp_path / 'mine.json'}" in out


def test_again_it_pays_nothing(say: Say, paper_file: Path) -> None:
    say(paper_file, "--model", SIMULATED)
    before = calls_made(Path("runs/rubric-paper.md"))
    code, out, _ = say(paper_file, "--model", SIMULATED)
    assert code == 0
    assert "reused rubric/groups.json" in out
    assert calls_made(Path("runs/rubric-paper.md")) == before


@pytest.mark.parametrize(
    ("arguments", "exit_code", "reason"),
    [
        (("none.pdf", "--model", SIMULATED), 2, "none.pdf"),
        (("{paper}", "--model", "nobody:x"), 2, "there is no provider 'nobody'"),
        (("{paper}", "--model", SIMULATED, "--run", "none"), 2, "none has no planning/requirements.json yet"),
        (("{paper}", "--model", SIMULATED, "-o", "{paper}/r.json"), 2, "could not be written"),
        (("{paper}", "--model", f"{SIMULATED},price_in=9,price_out=9", "--max-cost", "0.001"), 3, "exceeds the cap"),
    ],
)
def test_errors_are_one_sentence(
    say: Say, paper_file: Path, arguments: tuple[str, ...], exit_code: int, reason: str
) -> None:
    code, _, err = say(*(word.format(paper=paper_file) for word in arguments))
    assert code == exit_code
    assert err.startswith("papercoder: ")
    assert reason in err
    assert len(err.strip().splitlines()) == 1


def test_a_paper_without_requirements_gets_no_rubric(
    say: Say, monkeypatch: pytest.MonkeyPatch, paper_file: Path
) -> None:
    play(monkeypatch, project(requirements="{}", verify="{}"))
    code, _, err = say(paper_file)
    assert (code, "a rubric cannot be drafted" in err) == (2, True)
    assert not Path("runs/rubric-paper.md/rubric.json").exists()
