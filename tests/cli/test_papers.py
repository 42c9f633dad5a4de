"""The command line: one sentence and an exit code for an error, else the requested output."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from papercoder import cli
from papercoder.agents.prompts import names
from papercoder.cli.options import stem
from papercoder.report import load
from papercoder.report.questions import letter
from tests.support import SIMULATED, calls_made


class Said:
    """What a command said, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Command":
    return Command(monkeypatch, capsys)


class Command:
    """Runs `papercoder` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: str | Path) -> Said:
        self.monkeypatch.setattr(sys, "argv", ["papercoder", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        out, err = self.capsys.readouterr()
        return Said(code, out, err)


@pytest.fixture
def made(say: Command, paper_file: Path, tmp_path: Path) -> Path:
    """A run as published."""
    folder = tmp_path / "run"
    said = say("run", paper_file, "-o", folder, "--model", SIMULATED, "--profile", "papercoder")
    assert (said.code, said.err) == (0, "")
    assert "complete" in said.out
    return folder


def test_help_names_every_command() -> None:
    ended = subprocess.run([sys.executable, "-c", "import papercoder.cli"], capture_output=True, text=True, check=True)
    assert ended.stdout == ended.stderr == ""  # the module does nothing of itself
    code = "import sys; sys.argv = ['papercoder', '--help']; from papercoder.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("read", "run", "show", "models", "prompts", "record"):
        assert name in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("read", "none.pdf"), 2, "none.pdf"),
        (("run", "none.pdf", "--model", SIMULATED), 2, "none.pdf"),
        (("run", "{paper}", "--model", "gpt-5"), 2, "'gpt-5' is not a model; write PROVIDER:NAME"),
        (("run", "{paper}", "--model", "nobody:x"), 2, "there is no provider 'nobody'"),
        (("run", "{paper}", "--model", "cooking=openai:x"), 2, "'cooking' is not a role"),
        (("run", "{paper}", "--model", "simulated:colour=red"), 2, "colour"),
        (("run", "{paper}", "--model", "recorded:none"), 2, "none is not a recording"),
        (("run", "{paper}", "--model", SIMULATED, "--profile", "best"), 2, "--profile"),
        (("run", "{paper}", "--model", SIMULATED, "--refine", "-1"), 2, "--refine"),
        (("run", "{paper}", "--model", SIMULATED, "--prompts", "none"), 2, "none is not a folder"),
        (("run", "{paper}", "--model", "openai:gpt-5-mini"), 2, "OPENAI_API_KEY"),
        (("run", "{paper}", "-o", "{paper}", "--model", SIMULATED), 2, "is not a folder"),
        (("run", "{paper}", "--model", f"{SIMULATED},context=3000"), 1, "Choose a model with a larger window"),
        (
            ("run", "{paper}", "--model", f"{SIMULATED},price_in=9,price_out=9", "--max-cost", "0.01"),
            2,
            "more than the limit of $0.01",
        ),
        (("models", "--model", "nobody:x"), 2, "there is no provider 'nobody'"),
        (("show", "none"), 2, "none is not a run folder"),
        (("record", "none", "recording", "--by", "me", "--how", "by hand"), 2, "none"),
        (("prompts", "none"), 2, "none"),
        (("prompts", "--prompts", "none"), 2, "none is not a folder"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_errors_are_one_sentence(
    say: Command, paper_file: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    said = say(*(word.format(paper=paper_file) for word in arguments))
    assert said.code == code
    assert said.err.startswith("papercoder: ")
    assert reason in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_run_is_shown_and_resumed(say: Command, paper_file: Path, made: Path) -> None:
    before = calls_made(made)
    said = say("run", paper_file, "-o", made, "--model", SIMULATED, "--profile", "papercoder")
    assert said.code == 0
    assert "reused repo/simulated/experiments.py" in said.out
    assert calls_made(made) == before
    shown = say("show", made)
    assert shown.code == 0
    assert str(made / "repo") in shown.out
    report = json.loads(say("show", made, "--json").out)
    assert report["status"] == "complete"
    assert "main.py" in report["files"]
    assert report["calls"]["made"] == before.total()
    assert sum(use["completion"] for use in report["agents"]) == report["tokens"]["completion"]
    assert {use["agent"] for use in report["agents"]} >= {"overall_plan", "analysis", "coding"}
    assert "overall_plan" in shown.out


def test_rounds_without_effect_are_reported(say: Command, paper_file: Path, tmp_path: Path) -> None:
    folder, expected = (
        tmp_path / "run",
        "review_rounds = 3 has no effect, because the profile papercoder has no such rounds",
    )
    flags = ("-o", folder, "--model", SIMULATED, "--profile", "papercoder")
    said = say("run", paper_file, *flags, "--review-rounds", "3")
    assert (said.code, said.err) == (0, "")
    assert expected in said.out
    assert expected in say("show", folder).out
    assert "has no effect" not in say("revise", folder).out


def test_questions_for_the_authors_are_printed(say: Command, made: Path) -> None:
    asked = say("show", made, "--questions")
    assert (asked.code, asked.err) == (0, "")
    assert asked.out == letter(load(made))
    assert asked.out.startswith("Dear authors,")
    (made / "planning" / "plan.json").unlink()
    (made / "planning" / "config.json").unlink()
    assert say("show", made, "--questions").out.startswith("No open questions")
    both = say("show", made, "--questions", "--json")
    assert (both.code, both.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("paper", "name"), [("a/paper.pdf", "paper"), ("arXiv:1706.03762", "arXiv-1706.03762"), ("..", "paper")]
)
def test_the_name_of_a_paper_is_that_of_a_folder_here(paper: str, name: str) -> None:
    assert stem(paper) == name


def test_the_folder_of_a_run_is_named_after_its_paper(say: Command, paper_file: Path) -> None:
    assert say("run", paper_file, "--model", SIMULATED, "--profile", "papercoder").code == 0
    assert (Path("runs") / "paper.md" / "repo" / "main.py").is_file()


def test_a_paper_is_read(say: Command, paper_file: Path, tmp_path: Path) -> None:
    said = say("read", paper_file, "-o", tmp_path / "read.md", "--model", SIMULATED)
    assert said.code == 0
    assert "A Tiny Method for Tests" in said.out
    assert "[2] Method" in (tmp_path / "read.md").read_text(encoding="utf-8")
    assert json.loads(say("read", paper_file, "--json", "--model", SIMULATED).out)["estimate"]["calls"] > 0


def test_a_recording_gives_the_same_answers_again(say: Command, paper_file: Path, made: Path, tmp_path: Path) -> None:
    said = say("record", made, tmp_path / "recording", "--by", "nobody", "--how", "by the simulated model")
    assert said.code == 0
    again = tmp_path / "again"
    model = f"recorded:{tmp_path / 'recording'}"
    assert say("run", paper_file, "-o", again, "--model", model, "--profile", "papercoder").code == 0
    assert (again / "repo" / "main.py").read_bytes() == (made / "repo" / "main.py").read_bytes()


def test_prompts_are_listed_shown_and_exported(say: Command, tmp_path: Path) -> None:
    assert say("prompts").out.split() == list(names())
    assert "{{ path }}" in say("prompts", "coding").out
    assert f"{len(names())} prompts written" in say("prompts", "--export", tmp_path / "mine").out
    (tmp_path / "mine" / "coding.md").write_text("Mine.")
    assert say("prompts", "coding", "--prompts", tmp_path / "mine").out == "Mine.\n"


def test_models_are_listed_without_keys(say: Command) -> None:
    said = say("models")
    assert said.code == 0
    assert "openai" in said.out


def test_models_fit_80_columns_and_show_no_keys(say: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    for arguments in ([], ["openai"], ["anthropic"], ["google"]):
        said = say("models", *arguments)
        assert said.code == 0
        assert max(map(len, said.out.splitlines())) <= 80
        assert "sk-secret" not in said.out


def test_a_provider_lists_its_models(say: Command) -> None:
    assert re.search(r"gpt-6-luna +1,050,000  0\.25, 0\.02, 0\.75", say("models", "openai").out)
    assert "did you mean openai?" in say("models", "opnai").err


def test_thinking_is_an_option_by_role(say: Command, paper_file: Path) -> None:
    said = say("run", paper_file, "--model", "simulated:files=4", "--thinking", "much")
    assert (said.code, "the levels are off, low, medium, high" in said.err) == (2, True)


def test_another_model_or_profile_is_asked_about_before_work_is_paid_for_again(
    say: Command, made: Path, paper_file: Path
) -> None:
    refused = say("run", paper_file, "-o", made, "--model", "simulated:files=1", "--profile", "papercoder")
    assert refused.code == 2
    assert "everything is done by simulated:files=1 instead of" in refused.err
    assert "Confirm it with --yes" in refused.err
    refused = say("run", paper_file, "-o", made, "--model", SIMULATED, "--profile", "plan")
    assert "the profile is plan instead of papercoder" in refused.err


def test_quiet_and_json_are_for_scripts(say: Command, made: Path, paper_file: Path) -> None:
    flags = ("run", paper_file, "-o", made, "--model", SIMULATED, "--profile", "papercoder")
    assert (said := say(*flags, "--quiet")).out == said.err == ""
    found = say(*flags, "--json")
    outcome = json.loads(found.out)
    assert (outcome["status"], outcome["folder"]) == ("complete", str(made))
    assert "reused planning/plan.json" in found.err


def test_the_end_says_what_came_out_and_the_next_command(say: Command, made: Path, paper_file: Path) -> None:
    said = say("run", paper_file, "-o", made, "--model", SIMULATED, "--profile", "papercoder")
    lines = said.out.splitlines()[-6:]
    assert re.match(rf"{re.escape(str(made))} is complete, see .*report.html", lines[0])
    assert [line.split()[0] for line in lines[1:]] == ["steps", "claims", "requirements", "cost", "next"]
