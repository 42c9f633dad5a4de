"""What a name of the page's may lead to."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.web.runs.folder import Shelf
from papercoder.web.runs.overview import Overview

OUTWARD = [
    "..",
    ".",
    "",
    "../x",
    "a/b",
    "a\\b",
    "/etc",
    ".store",
    "a\0b",
    "a\nb",
    "x" * 121,
    "𝔸" * 100,
    "~/x/..",
    "~~x",
]


def run(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    (folder / "events.jsonl").write_text("", encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", OUTWARD)
def test_a_name_is_that_of_a_folder_on_the_shelf(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunFolderError):
        Shelf(tmp_path).folder(name)


def test_a_link_that_leads_out_is_no_run(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    (root / "out").symlink_to(run(tmp_path, "elsewhere"))
    shelf = Shelf(root)
    assert shelf.runs() == ()
    with pytest.raises(RunFolderError, match="points outside"):
        shelf.run("out")


@pytest.mark.parametrize("inside", ["paper.md", "planning", "planning/logic.json", ".store", "events.jsonl", "repo"])
def test_a_run_with_a_link_that_leads_out_is_not_opened(tmp_path: Path, inside: str) -> None:
    root, other = tmp_path / "runs", run(tmp_path, "other")
    root.mkdir()
    link = run(root, "kiln") / inside
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(other / "events.jsonl" if link.suffix else other)
    with pytest.raises(RunFolderError, match="points outside"):
        Shelf(root).run("kiln")
    assert Overview(Shelf(root)).look().runs == []


def test_links_within_a_run_and_those_of_the_user_in_its_repository_will_do(tmp_path: Path) -> None:
    folder = run(tmp_path, "kiln")
    (folder / "latest").symlink_to(folder / "events.jsonl")
    (folder / "repo").mkdir()
    (folder / "repo" / "data").symlink_to("/")
    assert Shelf(tmp_path).run("kiln") == folder


def test_links_in_a_ring_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    run(tmp_path, "kiln")
    shelf = Shelf(tmp_path)
    assert shelf.runs() == ("kiln",)
    assert not shelf.is_run("ring")
    assert shelf.new("ring") == "ring-2"


def test_runs_come_and_go_while_many_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papercoder.web.runs.overview._LASTS", 0.0)
    for number in range(20):
        run(tmp_path, f"run-{number}")
    overview = Overview(Shelf(tmp_path))

    def come_and_go(number: int) -> None:
        shutil.rmtree(tmp_path / f"run-{number}")
        run(tmp_path, f"other-{number}")

    with ThreadPoolExecutor(8) as browsers:
        looks = [browsers.submit(overview.look) for _ in range(20)]
        list(browsers.map(come_and_go, range(20)))
        looks += [browsers.submit(overview.look) for _ in range(20)]
        assert all(each.result() for each in looks)
    assert sorted(card.name for card in overview.look().runs) == sorted(f"other-{number}" for number in range(20))


def test_what_is_listed_can_be_opened(tmp_path: Path) -> None:
    run(tmp_path, "my run, né 2")
    (tmp_path / "no-run").mkdir()
    shelf = Shelf(tmp_path)
    assert shelf.runs() == ("my run, né 2",)
    assert shelf.run("my run, né 2") == tmp_path / "my run, né 2"
    with pytest.raises(RunFolderError, match="No run named"):
        shelf.run("no-run")


@pytest.mark.parametrize("path", ["../other/events.jsonl", "repo/../../x", "/etc/passwd", "repo/out/passwd", "a\0b"])
def test_no_file_beside_a_run_is_reached(tmp_path: Path, path: str) -> None:
    run(tmp_path, "other")
    (run(tmp_path, "kiln") / "repo").mkdir()
    (tmp_path / "kiln" / "repo" / "out").symlink_to("/etc")
    with pytest.raises(RunFolderError, match="points outside"):
        Shelf(tmp_path).file("kiln", path)


def test_a_file_of_a_run_is_reached_there_or_not(tmp_path: Path) -> None:
    folder = run(tmp_path, "kiln")
    assert Shelf(tmp_path).file("kiln", "events.jsonl") == folder / "events.jsonl"
    assert Shelf(tmp_path).file("kiln", "planning/config.json") == folder / "planning" / "config.json"


def test_a_new_name_is_free_and_plain(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.new("../../etc/Passwd: <b>") == "etc-Passwd-b"
    assert shelf.new("...") == "paper"
    run(tmp_path, "kiln")
    run(tmp_path, "kiln-2")
    assert shelf.new("kiln") == "kiln-3"
    assert len(shelf.new("x" * 500)) <= 120
