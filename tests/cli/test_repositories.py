"""The commands for repositories and runs that are there: exit codes, one sentence for what is wrong, no traceback."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder import cli
from papercoder.artifacts import CheckReport, ExecutionReport
from papercoder.sandbox import selection
from papercoder.stages.amendment import Amendment
from tests.scripted import STEPS, block, observed, play, project
from tests.support import MAIN_PY, MODEL_PY, SIMULATED, Says, calls_made, tree

GOOD = Path(__file__).parents[1] / "data" / "good_repository"
FIX = block("model.py", "    return w * x\n", "    return float(w) * x\n")


class Ended:
    """A command that ended: exit code, and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Say = Callable[..., Ended]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs `papercoder` in this process."""

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["papercoder", *map(str, arguments)])
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        return Ended(code, *capsys.readouterr())

    return run


def assert_reported(ended: Ended, code: int, *words: str) -> None:
    """One sentence for the user, and no traceback."""
    assert ended.code == code, ended.err
    assert ended.err.startswith("papercoder: ")
    assert len(ended.err.strip().splitlines()) == 1
    for word in words:
        assert word in ended.err


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "model.py").write_text(MODEL_PY, encoding="utf-8")
    (folder / "main.py").write_text(MAIN_PY, encoding="utf-8")
    (folder / "error.txt").write_text("TypeError: w is text\n", encoding="utf-8")
    return folder


# check


def test_a_good_repository_is_checked(say: Say) -> None:
    ended = say("check", GOOD)
    assert (ended.code, ended.err) == (0, "")


def test_what_is_wrong_is_shown_and_makes_the_exit_code(say: Say, repository: Path) -> None:
    (repository / "model.py").write_text("def predict(:\n", encoding="utf-8")
    ended = say("check", repository)
    assert (ended.code, ended.err) == (3, "")
    assert "model.py" in ended.out
    report = CheckReport.model_validate_json(say("check", repository, "--json").out)
    assert "syntax" in [finding.check for finding in report.errors if finding.path == "model.py"]


@pytest.mark.parametrize("name", ["none", "error.txt", "empty"])
def test_what_is_no_repository_cannot_be_checked(say: Say, repository: Path, name: str) -> None:
    (repository / "empty").mkdir()
    assert_reported(say("check", repository / name), 2, name)


# execute


@pytest.fixture
def ladder(monkeypatch: pytest.MonkeyPatch) -> Callable[[ExecutionReport], None]:
    """Let the ladder be seen as it is given."""

    def see(report: ExecutionReport) -> None:
        async def execute(*_: object, **named: Callable[[object], None]) -> ExecutionReport:
            for step in report.steps:
                named["emit"](step)
            return report

        monkeypatch.setattr("papercoder.operations.repair.execute", execute)

    return see


Ladder = Callable[[ExecutionReport], None]


def test_every_step_is_printed(say: Say, repository: Path, ladder: Ladder) -> None:
    ladder(observed())
    ended = say("execute", repository)
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()] == list(STEPS)


def test_a_step_that_failed_shows_its_output(say: Say, repository: Path, ladder: Ladder) -> None:
    ladder(observed("smoke", "KeyError: [rate]"))
    ended = say("execute", repository)
    assert ended.code == 3
    assert "smoke failed: it ended with exit code 1: KeyError: [rate]" in ended.out


def test_the_ladder_as_json(say: Say, repository: Path, ladder: Ladder) -> None:
    ladder(observed("import", "ImportError: x"))
    ended = say("execute", repository, "--json")
    assert ended.code == 3
    assert ExecutionReport.model_validate_json(ended.out) == observed("import", "ImportError: x")


@pytest.fixture
def no_isolation(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> str:
        return "it is not installed"

    for sandboxes in (selection.ISOLATED, selection.SANDBOXES):
        monkeypatch.setitem(sandboxes, "bubblewrap", nothing)
        monkeypatch.setitem(sandboxes, "docker", nothing)


def test_without_isolation_nothing_is_executed_and_a_sentence_says_so(
    say: Say, repository: Path, no_isolation: None
) -> None:
    ended = say("execute", repository)
    assert ended.code == 3
    assert "install skipped: Nothing can be executed because no sandbox works here" in ended.out


def test_a_missing_sandbox_is_an_error(say: Say, repository: Path, no_isolation: None) -> None:
    assert_reported(say("execute", repository, "--sandbox", "docker"), 2, "docker", "it is not installed")
    assert_reported(say("execute", repository, "--sandbox", "prison"), 2, "'prison'")


@pytest.mark.parametrize("flags", [(), ("--gpu",)])
def test_a_requested_gpu_is_passed_and_notes_are_printed(
    say: Say, repository: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    asked: list[bool] = []

    async def execute(*_: object, gpu: bool, **__: object) -> ExecutionReport:
        asked.append(gpu)
        return observed().model_copy(update={"notes": ("There is no GPU.",)})

    monkeypatch.setattr("papercoder.operations.repair.execute", execute)
    ended = say("execute", repository, *flags)
    assert (ended.code, ended.err) == (0, "")
    assert asked == [bool(flags)]
    assert ended.out == "There is no GPU.\n"


@pytest.mark.parametrize("name", ["none", "main.py"])
def test_what_is_no_repository_cannot_be_executed(say: Say, repository: Path, name: str) -> None:
    assert_reported(say("execute", repository / name), 2, f"{name} is not a folder with Python files")


# repair


@pytest.fixture
def repair(say: Say, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    def run(answer: Says, *arguments: str | Path) -> Ended:
        play(monkeypatch, {"repair": answer})
        given = arguments or (repository, "--error", repository / "error.txt")
        return say("repair", *given, "-o", tmp_path / "answers", "--sandbox", "none")

    return run


def test_a_repair_is_written_and_shown(repair: Say, repository: Path) -> None:
    ended = repair(FIX)
    assert (ended.code, ended.err) == (0, "")
    assert "+    return float(w) * x" in ended.out
    assert "float(w)" in (repository / "model.py").read_text(encoding="utf-8")


def test_a_repair_that_finds_nothing_is_partial(repair: Say) -> None:
    ended = repair("NO EDITS")
    assert (ended.code, ended.err) == (3, "")
    assert "No changes" in ended.out


def test_a_repair_that_was_never_fit(repair: Say, repository: Path) -> None:
    before = tree(repository)
    assert_reported(repair("I would rewrite all of it."), 1, "repair agent")
    assert tree(repository) == before


def test_what_cannot_be_repaired_is_an_error(repair: Say, repository: Path) -> None:
    assert_reported(
        repair(FIX, repository / "none", "--error", repository / "error.txt"),
        2,
        "none is not a folder with Python files",
    )
    assert_reported(repair(FIX, repository, "--error", repository / "none.txt"), 2, "none.txt has no error output")
    assert_reported(repair(FIX, repository, "--error", repository), 2, "has no error output")


def test_the_error_has_to_be_given(say: Say, repository: Path) -> None:
    ended = say("repair", repository)
    assert ended.code == 2
    assert "--error" in ended.err


def test_an_interrupted_repair_leaves_the_repository_as_it_was(repair: Say, repository: Path) -> None:
    def press_ctrl_c(_: object) -> str:
        signal.raise_signal(signal.SIGINT)
        return FIX

    before = tree(repository)
    ended = repair(press_ctrl_c)
    assert ended.code == 130
    assert ended.err.endswith("papercoder: interrupted; run the same command again to resume.\n")
    assert tree(repository) == before
    assert repair(FIX).code == 0


# revise, report, record, on a run


@pytest.fixture
def made(say: Say, paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for room in ("pipeline.rounds", "pipeline.pipeline"):
        monkeypatch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))
    play(monkeypatch, project(amend=Amendment()))
    folder = tmp_path / "run"
    assert say("run", paper_file, "-o", folder, "--sandbox", "none", "--refine", "0").code == 0
    return folder


def test_a_run_is_revised_with_the_settings_it_was_made_with(say: Say, made: Path) -> None:
    before = calls_made(made)
    ended = say("revise", made)
    assert (ended.code, ended.err) == (0, "")
    assert "No file changed." in ended.out
    assert calls_made(made) == before


def test_a_note_that_changes_nothing_is_reported(say: Say, made: Path) -> None:
    ended = say("revise", made, "nice weather")
    assert ended.code == 0
    assert "Nothing was changed." in ended.out


def test_an_unreadable_paper_is_an_error_before_any_call(say: Say, made: Path, tmp_path: Path) -> None:
    before = calls_made(made)
    assert_reported(say("revise", made, "nice weather", "--paper", tmp_path / "none.pdf"), 2, "none.pdf")
    assert calls_made(made) == before


def test_an_edit_is_used_and_reported(say: Say, made: Path) -> None:
    (made / "analysis" / "tinyfit" / "experiments.py.md").write_text("# mine\n", encoding="utf-8")
    ended = say("revise", made)
    assert "edited analysis/tinyfit/experiments.py.md" in ended.out
    assert ended.code == 0


def test_a_run_that_had_stopped_early_is_gone_on_with(say: Say, made: Path) -> None:
    for path in (made / "repo" / "tinyfit").glob("*.py"):
        path.unlink()
    ended = say("revise", made)
    assert (ended.code, ended.err) == (0, "")
    assert "tinyfit/experiments.py: " in ended.out


@pytest.mark.parametrize(("more", "code"), [((), 3), (("--max-cost", "100"), 0)])
def test_a_cap_that_was_given_once_binds_a_revision(
    say: Say, paper_file: Path, tmp_path: Path, more: tuple[str, ...], code: int
) -> None:
    model, folder = f"{SIMULATED},price_in=9,price_out=9", tmp_path / "run"
    ended = say("run", paper_file, "-o", folder, "--model", model, "--profile", "papercoder", "--max-cost", "0.2")
    assert ended.code == 3
    assert "exceeds the cap of $0.2" in ended.err
    ended = say("revise", folder, *more)
    assert ended.code == code, ended.err
    assert ("exceeds the cap of $0.2" in ended.err) == (not more)


def test_a_revision_says_that_the_cap_is_spent(say: Say, paper_file: Path, tmp_path: Path) -> None:
    model, folder = f"{SIMULATED},price_in=9,price_out=9", tmp_path / "run"
    assert say("run", paper_file, "-o", folder, "--model", model, "--profile", "papercoder").code == 0
    ended = say("revise", folder, "--max-cost", "0.01")
    assert (ended.code, ended.err) == (0, "")
    assert "of its limit of $0.01" in ended.out


def test_a_folder_that_is_no_run_cannot_be_revised(say: Say, tmp_path: Path) -> None:
    assert_reported(say("revise", tmp_path / "none"), 2, "none is not a run folder")
    assert_reported(say("revise", tmp_path / "none", "a note"), 2, "none")
    assert not (tmp_path / "none").exists()


def test_an_invalid_edit_is_an_error(say: Say, made: Path) -> None:
    (made / "planning" / "logic.json").write_text("{}", encoding="utf-8")
    assert_reported(say("revise", made), 2, "planning/logic.json was edited and is not valid")
    assert json.loads(say("show", made, "--json").out)["status"] == "partial"


def test_a_report_is_written(say: Say, made: Path) -> None:
    (made / "report.html").unlink()
    ended = say("report", made)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.split() == [str(made / "report.html"), str(made / "report.md")]
    assert "A Tiny Method for Tests" in (made / "report.html").read_text(encoding="utf-8")


def test_answers_are_recorded(say: Say, made: Path, tmp_path: Path) -> None:
    ended = say("record", made, tmp_path / "recorded", "--by", "me", "--how", "By hand.")
    assert (ended.code, ended.err) == (0, "")
    assert f"{calls_made(made).total()} answers written" in ended.out
    assert (tmp_path / "recorded" / "coding" / "tinyfit+model.py.md").is_file()


@pytest.mark.parametrize("command", ["report", "show"])
def test_a_folder_without_a_run_is_an_error(say: Say, tmp_path: Path, command: str) -> None:
    assert_reported(say(command, tmp_path), 2, "is not a run folder")


def test_nothing_can_be_recorded_of_what_is_no_run(say: Say, tmp_path: Path) -> None:
    assert_reported(
        say("record", tmp_path, tmp_path / "recorded", "--by", "me", "--how", "x"), 2, "has no answers to record"
    )


# from outside


def test_errors_of_the_real_command_have_no_traceback(repository: Path) -> None:
    command = [sys.executable, "-c", "from papercoder.cli import main; main()", "check", str(repository / "none")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("papercoder: ")
    assert "Traceback" not in ended.stderr
