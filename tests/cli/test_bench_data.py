"""`papercoder bench fetch` and `papercoder bench compare`: what they say, write and exit with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from papercoder.bench.results.files import write_results
from tests.bench.entries import entry, judged, results
from tests.bench.test_benchmarks import ROOT
from tests.cli.test_papers import Command
from tests.server import Server, serving


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        for name in ("config.yaml", "paper.md", "paper.pdf", "rubric.json", "addendum.md", "blacklist.txt"):
            started.files[f"{ROOT}/rice/{name}"] = b"Words."
        yield started


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Three papers in two variants, of which the second is better."""
    scores = {"plain": (2.0, 2.5, 3.0), "full": (3.0, 3.6, 4.1)}
    entries = (
        entry(f"p{n}", variant=name, judges=judged(score))
        for name, some in scores.items()
        for n, score in enumerate(some)
    )
    write_results(tmp_path / "bench", results(*entries))
    return tmp_path / "bench"


def test_a_benchmark_is_fetched_and_its_manifest_is_named(say: Command, server: Server, tmp_path: Path) -> None:
    said = say("bench", "fetch", "paperbench", tmp_path, "--only", "rice", "--from", server.address)
    assert said.code == 0
    assert f"1 paper ready; {tmp_path}/manifest.yaml" in said.out
    assert f"{server.address}{ROOT}/rice/paper.pdf" in said.err


def test_what_is_missing_makes_it_partial(say: Command, server: Server, tmp_path: Path) -> None:
    del server.files[f"{ROOT}/rice/rubric.json"]
    said = say("bench", "fetch", "paperbench", tmp_path, "--only", "rice", "--from", server.address)
    assert said.code == 3
    assert "rubric.json does not exist (404)" in said.out
    assert "Run the same command again" in said.out


def test_json_of_a_fetch(say: Command, server: Server, tmp_path: Path) -> None:
    said = say("bench", "fetch", "paperbench", tmp_path, "--only", "rice", "--from", server.address, "--json")
    assert json.loads(said.out) == {"manifest": f"{tmp_path}/manifest.yaml", "papers": ["rice"], "problems": []}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("paperbench", "x", "--gold"), "--gold is not available for PaperBench"),
        (("paper2codebench", "x", "--list", "y"), "--list is not available for Paper2CodeBench"),
        (("paperbench", "x", "--only", "no-such"), "--only no-such: the benchmark has no such paper"),
        (("paperbench", "x", "--from", "mirror"), "--from mirror is not a URL"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_a_sentence(say: Command, arguments: tuple[str, ...], words: str) -> None:
    said = say("bench", "fetch", *arguments)
    assert said.code == 2
    assert said.err.startswith(f"papercoder: {words}")


def test_two_variants_are_compared(say: Command, bench: Path) -> None:
    said = say("bench", "compare", bench, "--variants", "plain", "full")
    assert said.code == 0
    assert "plain · m → full · m" in said.out
    assert "+1.07" in said.out
    assert "none significant" in said.out or "significant: reference-based +1.07 (better)" in said.out
    assert (bench / "compare.html").read_text().startswith("<!doctype html>")


def test_json_of_a_comparison(say: Command, bench: Path, tmp_path: Path) -> None:
    said = say("bench", "compare", bench, bench / "results.json", "--json", "-o", tmp_path / "it.html")
    assert [one["difference"]["mean"] for one in json.loads(said.out)["contrasts"][0]["differences"]] == [0.0] * 5
    assert (tmp_path / "it.html").is_file()


def test_what_cannot_be_compared_is_said_in_a_sentence(say: Command, bench: Path, tmp_path: Path) -> None:
    assert "A result set cannot be compared with itself" in say("bench", "compare", bench).err
    assert "cannot be read" in say("bench", "compare", tmp_path / "nothing").err
    (tmp_path / "results.json").write_text("{}")
    said = say("bench", "compare", tmp_path)
    assert (said.code, "does not contain the results of a bench" in said.err) == (2, True)
