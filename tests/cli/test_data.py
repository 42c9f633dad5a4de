"""`papercoder data`: the table, fetching with lines of progress, and what it exits with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from papercoder.artifacts import DataSources
from tests.cli.test_papers import Command
from tests.datasets.servers import serve_repository, source
from tests.server import Server, serving


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Command(monkeypatch, capsys)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("papercoder.datasets.servers.get_token", lambda: None)
    with serving() as started:
        monkeypatch.setattr("papercoder.datasets.servers.constants.ENDPOINT", started.address)
        serve_repository(started, {"a.csv": b"1,2\n"})
        yield started


@pytest.fixture
def run(tmp_path: Path) -> Path:
    sources = (source(size_bytes=3000), source(name="survey", kind="private", id=""))
    (tmp_path / "run/planning").mkdir(parents=True)
    (tmp_path / "run/planning/data.json").write_text(DataSources(items=sources).model_dump_json())
    return tmp_path / "run"


def test_the_table_says_what_is_missing_and_what_to_do(say: Command, run: Path) -> None:
    said = say("data", run)
    assert said.code == 0
    (row,) = [line for line in said.out.splitlines() if line.startswith("dots")]
    assert row.split() == ["dots", "hf_dataset", "someone/dots", "unknown", "~3.0", "kB", "R2", "missing"]
    assert "Not named in the paper, so check the source: dots." in said.out
    assert "--data NAME=PATH" in said.out


def test_fetching_shows_progress_and_the_new_state(say: Command, server: Server, run: Path) -> None:
    said = say("data", run, "--fetch", "dots")
    assert said.code == 0
    assert "/datasets/someone/dots/resolve/" in said.err
    assert "mit" in said.out
    assert "fetched" in said.out
    assert json.loads((run / "data.lock.json").read_text())["sources"][0]["size"] == 4


def test_a_large_download_needs_a_yes_where_nobody_can_be_asked(
    say: Command, server: Server, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = say("data", run, "--fetch", "--max-download", "3B")
    assert said.code == 2
    assert "Use --yes" in said.err
    assert say("data", run, "--fetch", "--max-download", "3B", "--yes").code == 0


def test_what_cannot_be_fetched_makes_it_partial(say: Command, server: Server, run: Path) -> None:
    server.files.clear()
    said = say("data", run, "--fetch")
    assert said.code == 3
    assert "does not exist, or is private" in said.out


def test_given_data_and_json(say: Command, run: Path) -> None:
    said = say("data", run, "--data", f"survey={run / 'planning'}", "--json")
    assert [item["state"] for item in json.loads(said.out)["sources"]] == ["missing", "given"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("dots",), "names are used with --fetch only"),
        (("--fetch", "--max-download", "much"), "--max-download much: write a size such as 500MB or 2GB"),
    ],
)
def test_wrong_options_are_explained(say: Command, run: Path, options: tuple[str, ...], message: str) -> None:
    said = say("data", run, *options)
    assert said.code == 2
    assert message in said.err
