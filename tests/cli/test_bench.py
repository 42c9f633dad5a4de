"""`papercoder bench`: a manifest is run by its name alone, and the other commands of the group are reached too."""

import json
from pathlib import Path

import pytest
import yaml

from tests.bench.benches import PUBLISHED, write_manifest
from tests.cli.test_papers import Command


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def test_a_manifest_is_run_by_its_name_and_the_results_lie_in_its_folder(say: Command, tmp_path: Path) -> None:
    said = say("bench", write_manifest(tmp_path, texts=2))
    assert (said.code, said.err) == (0, "")
    assert "complete p2--published--simulated--1" in said.out
    folder = Path("runs/bench-tiny")
    assert f"results: {folder}/results.json, {folder}/results.csv" in said.out
    assert {path.name for path in folder.iterdir()} >= {"results.json", "p1--published--simulated--1"}


def test_options_may_come_first_and_the_command_may_be_named(say: Command, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1)
    assert say("bench", "-o", tmp_path / "out", "--papers-at-once", "1", path).code == 0
    said = say("bench", "run", path, "-o", tmp_path / "out")
    assert (said.code, "1 of them already complete" in said.out) == (0, True)


def test_one_object_of_json_and_the_course_of_things_beside_it(say: Command, tmp_path: Path) -> None:
    said = say("bench", write_manifest(tmp_path, texts=1), "-o", tmp_path / "out", "--json")
    assert [entry["status"] for entry in json.loads(said.out)["entries"]] == ["complete"]
    assert "started p1--published--simulated--1" in said.err


def test_a_paper_that_is_broken_makes_it_partial(say: Command, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=3, variants=[PUBLISHED, {**PUBLISHED, "name": "again"}])
    (tmp_path / "p2.md").write_bytes(b"%PDF-1.4 nothing")
    said = say("bench", path, "-o", tmp_path / "out")
    assert said.code == 3
    assert said.out.count("complete p") == 4
    assert "p2--again--simulated--1: failed: " in said.out


def test_a_cap_is_given_on_the_way(say: Command, tmp_path: Path) -> None:
    manifest = yaml.safe_load(write_manifest(tmp_path, texts=1).read_text())
    manifest["models"] += ",price_in=100,price_out=100"
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(manifest))
    assert say("bench", tmp_path / "tiny.yaml", "-o", tmp_path / "out", "--max-cost", "2").code == 3
    assert say("bench", tmp_path / "tiny.yaml", "-o", tmp_path / "out", "--max-cost", "200").code == 0


def test_a_manifest_with_a_mistake_is_one_sentence(say: Command, tmp_path: Path) -> None:
    said = say("bench", write_manifest(tmp_path, repeats=0))
    assert (said.code, said.out) == (2, "")
    assert said.err == f"papercoder: {tmp_path}/tiny.yaml, repeats: input should be greater than or equal to 1.\n"


def test_a_name_that_is_no_file_is_one_sentence(say: Command) -> None:
    said = say("bench", "none.yaml")
    assert (said.code, said.out) == (2, "")
    assert "none.yaml: the manifest does not exist" in said.err


def test_the_example_is_printed(say: Command) -> None:
    said = say("bench", "example")
    assert said.code == 0
    assert yaml.safe_load(said.out)["name"] == "ablation"


def test_help_names_the_commands(say: Command) -> None:
    said = say("bench", "--help")
    assert said.code == 0
    assert {"run", "example"} <= set(said.out.split())
