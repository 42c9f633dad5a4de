"""What is wrong with a start is said before it: the paper first, then the provider, its key and the cost limit."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from papercoder.cli import app
from papercoder.errors import PaperCoderError

PRICED = "simulated:price_in=10,price_out=50,files=2,width=1,speed=100000"


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "PAPERCODER_MODEL"):
        monkeypatch.delenv(name, raising=False)


def start(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["run", *map(str, arguments), "--sandbox", "none"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/nope.pdf",), "There is no file or folder /nope.pdf."),
        (("/nope.pdf", "--model", "opneai:gpt-5"), "There is no file or folder /nope.pdf."),
        (("https://example.org/paper.pdf",), "is not an address of a paper on arXiv"),
        (("PAPER", "--model", "opneai:gpt-5"), "did you mean openai:gpt-5?"),
        (("PAPER", "--model", "openai:gpt-5"), "set OPENAI_API_KEY"),
        (("PAPER", "--model", PRICED, "--max-cost", "0.0001"), "more than the limit of $0.0001"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    tmp_path: Path, paper_file: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = start(*(paper_file if word == "PAPER" else word for word in arguments))
    assert isinstance(ended.exception, PaperCoderError)
    assert said in str(ended.exception)
    assert ended.exception.exit_code == 2
    assert not (tmp_path / "runs").exists()


def test_a_limit_below_the_estimate_is_said_before_the_first_call(paper_file: Path) -> None:
    ended = start(paper_file, "--model", PRICED, "--max-cost", "0.9")
    first = ended.stdout.splitlines()[0]
    assert "  warning settings: about $" in first
    assert "will stop before it exceeds $0.9" in first
