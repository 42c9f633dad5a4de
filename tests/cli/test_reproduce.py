"""`papercoder reproduce`: its lines, its summary, its JSON, and what it says about wrong options."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from papercoder.cli import app
from papercoder.errors import SettingsError
from tests.reproduction.packages import own_packages
from tests.reproduction.runs import write_run


@pytest.fixture(autouse=True)
def _own_packages() -> Iterator[None]:
    with own_packages():
        yield


def reproduce(folder: Path, *options: str) -> str:
    """The output of a reproduction that was carried out."""
    command = ["reproduce", str(folder), "--sandbox", "subprocess", "--budget", "2m", *options]
    ended = CliRunner().invoke(app, command, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_claims_arrive_line_by_line_and_the_end_has_five_lines(tmp_path: Path) -> None:
    lines = reproduce(write_run(tmp_path, failing=["ours", "wine"])).splitlines()
    assert any(re.match(r"\d\d:\d\d:\d\d  claim C1 met", line) for line in lines)
    assert any(re.match(r"\d\d:\d\d:\d\d  failed main-ours-wine", line) for line in lines)
    assert [line[:10].strip() for line in lines[-5:]] == ["trials", "claims", "time", "left out", "next"]
    assert lines[-5].startswith("trials    3 of 4 measured, 1 failed (main-ours-wine-0")


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    assert reproduce(write_run(tmp_path), "--quiet") == ""


def test_the_report_has_the_trials(tmp_path: Path) -> None:
    reproduce(write_run(tmp_path, failing=["ours", "wine"]))
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "3 of 4 trials measured" in report
    assert "RuntimeError: out of luck" in report
    assert "C9: it needs a cluster" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_json(tmp_path: Path) -> None:
    found = json.loads(reproduce(write_run(tmp_path), "--json", "--claims", "C1, C4", "--seeds", "1"))
    assert (found["trials"], found["measured"]) == (2, 2)
    assert found["options"]["claims"] == ["C1", "C4"]


def test_the_next_reproduction_has_the_same_options(tmp_path: Path) -> None:
    reproduce(write_run(tmp_path, seeds=3), "--seeds", "1", "--scale", "0.5")
    found = json.loads(reproduce(tmp_path, "--json"))
    assert (found["options"]["seeds"], found["options"]["scale"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--budget", "soon"), "--budget: 'soon' is not a duration; write it as 90s, 45m, 2h or 1h30m"),
        (("--scale", "2"), "--scale: "),
        (("--claims", "C77"), "--claims: the paper has no claim C77"),
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("(", r"\(")):
        reproduce(write_run(tmp_path), *options)
