"""`papercoder eval`: errors of one sentence, results in the first lines, and exit codes."""

import json
import re
import shlex
from pathlib import Path

import pytest

from papercoder.artifacts import Evaluation
from tests.cli.test_papers import Command, Said
from tests.cli.test_papers import say as say
from tests.evaluation.projects import RUBRIC, judges, praising, write_repository
from tests.scripted import play
from tests.support import PAPER, SIMULATED, calls_made

DOCS = Path(__file__).parents[2] / "docs" / "evaluation.md"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "project")


@pytest.fixture
def judged(say: Command, repository: Path, paper_file: Path) -> Said:
    return say("eval", repository, "--paper", paper_file, "--model", SIMULATED, "--samples", "2")


def test_it_shows_the_estimate_the_scores_and_the_page(judged: Said) -> None:
    lines = judged.out.splitlines()
    assert (judged.code, judged.err) == (0, "")
    assert "  Estimate: 2 calls to simulated:" in lines[0]
    assert any(line.startswith("The judge reference-free gives ") for line in lines)
    assert lines[-1] == "page: runs/eval-project/evaluation.html"
    assert Path("runs/eval-project/evaluation.html").is_file()


def test_a_dry_run_makes_no_call_and_writes_nothing(say: Command, repository: Path, paper_file: Path) -> None:
    said = say("eval", repository, "--paper", paper_file, "--model", "openai:gpt-5-mini", "--dry-run", "--calibrate")
    assert said.code == 0
    assert re.match(r"Estimate: 40 calls to openai:gpt-5-mini, .*, about \$\d", said.out)
    assert not Path("runs").exists()


def test_an_unreliable_judge_is_in_the_first_line_and_the_exit_code(
    say: Command, repository: Path, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, judges(praising))
    said = say("eval", repository, "--paper", paper_file, "--calibrate", "--samples", "2")
    found = [line for line in said.out.splitlines() if not re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert said.code == 3
    assert found[0].startswith("UNRELIABLE: the judge reference-free broke a required order")
    assert "reference-free: UNRELIABLE" in found


def test_a_reliable_judge_is_reported(
    say: Command, repository: Path, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, judges())
    said = say("eval", repository, "--paper", paper_file, "--calibrate", "--samples", "2")
    assert said.code == 0
    assert "reference-free: reliable" in said.out.splitlines()


def test_json_is_the_evaluation_alone(say: Command, repository: Path, paper_file: Path) -> None:
    said = say("eval", repository, "--paper", paper_file, "--model", SIMULATED, "--samples", "1", "--json")
    assert Evaluation.model_validate_json(said.out).files == 3
    assert "Estimate" in said.err


def test_with_the_authors_repository_both_judges_are_asked(say: Command, repository: Path, paper_file: Path) -> None:
    arguments = ("--model", SIMULATED, "--samples", "1", "--gold", repository, "-o", "both")
    assert say("eval", repository, "--paper", paper_file, *arguments).code == 0
    assert set(calls_made(Path("both"))) == {("judge_free", "sample 1"), ("judge_based", "sample 1")}


def test_the_rubric_s_judge_can_be_asked_alone(say: Command, repository: Path, paper_file: Path) -> None:
    Path("rubric.json").write_text(RUBRIC, encoding="utf-8")
    arguments = ("--model", SIMULATED, "--judge", "rubric", "--rubric", "rubric.json", "-o", "leaves")
    assert say("eval", repository, "--paper", paper_file, *arguments).code == 0
    assert set(calls_made(Path("leaves"))) == {("judge_leaf", "model")}


def test_a_run_folder_knows_its_repository_and_its_paper(
    say: Command, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "kiln"
    run.mkdir()
    repository.rename(run / "repo")
    (run / "paper.json").write_text(PAPER.model_dump_json(), encoding="utf-8")
    for named in (run, run / "repo"):
        assert say("eval", named, "--model", SIMULATED, "--samples", "1").code == 0
    monkeypatch.chdir(run / "repo")
    assert say("eval", ".", "--model", SIMULATED, "--samples", "1").code == 0
    found = json.loads((run / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    assert (found["paper"], found["files"]) == (PAPER.title, 3)
    assert calls_made(run / "evaluation").total() == 1


def test_a_run_s_own_folder_keeps_its_own_costs(say: Command, repository: Path, paper_file: Path) -> None:
    Path("run").mkdir()
    Path("run/paper.json").write_text(PAPER.model_dump_json(), encoding="utf-8")
    said = say("eval", repository, "--paper", paper_file, "--model", SIMULATED, "-o", "run")
    assert (said.code, "such as run/evaluation" in said.err) == (2, True)
    assert [path.name for path in Path("run").iterdir()] == ["paper.json"]


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("none", "--paper", "{paper}"), 2, "Give the folder of the repository to judge"),
        (("{repo}",), 2, "name the paper with --paper"),
        (("{repo}", "--paper", "none.pdf"), 2, "none.pdf"),
        (("{repo}", "--paper", "{paper}", "--gold", "none"), 2, "Give the folder of the authors' repository"),
        (("{repo}", "--paper", "{paper}", "--rubric", "none.json"), 2, "none.json does not exist"),
        (("{repo}", "--paper", "{paper}", "--rubric", "{paper}"), 2, "is not valid JSON"),
        (("{repo}", "--paper", "{paper}", "--judge", "kind"), 2, "there is no judge 'kind'"),
        (("{repo}", "--paper", "{paper}", "--judge", "reference-based"), 2, "--gold"),
        (("{repo}", "--paper", "{paper}", "--judge", "rubric"), 2, "Give its file with --rubric"),
        (("{repo}", "--paper", "{paper}", "--samples", "0"), 2, "--samples"),
        (("{repo}", "--paper", "{paper}", "--labels", "x.json"), 2, "--labels needs a rubric"),
        (("{repo}", "--paper", "{paper}", "-o", "{repo}/eval"), 2, "Choose another folder with -o"),
        (("{repo}", "--paper", "{paper}", "--model", "judge=nobody:x"), 2, "there is no provider 'nobody'"),
    ],
)
def test_an_error_is_one_sentence(
    arguments: tuple[str, ...], code: int, reason: str, say: Command, repository: Path, paper_file: Path
) -> None:
    filled = [each.format(repo=repository, paper=paper_file) for each in arguments]
    said = say("eval", "--model", SIMULATED, *filled)
    assert said.code == code
    assert reason in said.err
    assert said.err.startswith("papercoder: ")
    assert len(said.err.splitlines()) == 1


def documented() -> list[str]:
    """The commands of the page, as they stand there."""
    blocks = re.findall(r"^```bash\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("papercoder eval")]


@pytest.mark.parametrize("line", documented())
def test_the_page_s_commands_work(
    line: str, say: Command, repository: Path, paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, judges())
    run = Path("runs/paper")
    run.mkdir(parents=True)
    (run / "paper.json").write_text(PAPER.model_dump_json(), encoding="utf-8")
    write_repository(run / "repo")
    write_repository(Path("code"))
    write_repository(Path("authors"))
    Path("paper.pdf").symlink_to(paper_file)
    Path("rubric.json").write_text(RUBRIC, encoding="utf-8")
    graded = json.loads(RUBRIC)
    graded["sub_tasks"][0]["score"] = 1
    Path("graded.json").write_text(json.dumps(graded), encoding="utf-8")
    said = say(*shlex.split(line, comments=True)[1:])
    assert (said.code, said.err) == (0, "")


def test_the_page_shows_commands() -> None:
    assert len(documented()) >= 4
