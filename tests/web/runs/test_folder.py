"""What a name in a URL can access."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text
from papercoder.runs.folder import lock
from papercoder.web.runs.folder import Overview, RunsFolder

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
def test_names_that_point_outside_are_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunFolderError):
        RunsFolder(tmp_path).folder(name)


def test_a_link_that_points_outside_is_not_a_run(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    (root / "out").symlink_to(run(tmp_path, "elsewhere"))
    runs_folder = RunsFolder(root)
    assert runs_folder.runs() == ()
    with pytest.raises(RunFolderError, match="points outside"):
        runs_folder.run("out")


@pytest.mark.parametrize("inside", ["paper.md", "planning", "planning/logic.json", ".store", "events.jsonl", "repo"])
def test_a_run_with_a_link_that_points_outside_is_not_opened(tmp_path: Path, inside: str) -> None:
    root, other = tmp_path / "runs", run(tmp_path, "other")
    root.mkdir()
    link = run(root, "kiln") / inside
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(other / "events.jsonl" if link.suffix else other)
    with pytest.raises(RunFolderError, match="is a link or another special file"):
        RunsFolder(root).run("kiln")
    assert Overview(RunsFolder(root)).read().runs == []


def test_links_in_its_repository_are_allowed(tmp_path: Path) -> None:
    folder = run(tmp_path, "kiln")
    (folder / "repo").mkdir()
    (folder / "repo" / "data").symlink_to("/")
    assert RunsFolder(tmp_path).run("kiln") == folder


def test_circular_links_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    run(tmp_path, "kiln")
    runs_folder = RunsFolder(tmp_path)
    assert runs_folder.runs() == ("kiln",)
    assert not runs_folder.is_run("ring")
    assert runs_folder.new("ring") == "ring-2"


def test_runs_appear_and_disappear_while_browsers_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papercoder.web.runs.folder._CACHE_SECONDS", 0.0)
    for number in range(20):
        run(tmp_path, f"run-{number}")
    overview = Overview(RunsFolder(tmp_path))

    def replace_run(number: int) -> None:
        shutil.rmtree(tmp_path / f"run-{number}")
        run(tmp_path, f"other-{number}")

    with ThreadPoolExecutor(8) as browsers:
        looks = [browsers.submit(overview.read) for _ in range(20)]
        list(browsers.map(replace_run, range(20)))
        looks += [browsers.submit(overview.read) for _ in range(20)]
        assert all(each.result() for each in looks)
    assert sorted(card.name for card in overview.read().runs) == sorted(f"other-{number}" for number in range(20))


def test_listed_runs_can_be_opened(tmp_path: Path) -> None:
    run(tmp_path, "my run, né 2")
    (tmp_path / "no-run").mkdir()
    runs_folder = RunsFolder(tmp_path)
    assert runs_folder.runs() == ("my run, né 2",)
    assert runs_folder.run("my run, né 2") == tmp_path / "my run, né 2"
    with pytest.raises(RunFolderError, match="No run named"):
        runs_folder.run("no-run")


@pytest.mark.parametrize("path", ["../other/events.jsonl", "repo/../../x", "/etc/passwd", "repo/out/passwd", "a\0b"])
def test_files_outside_a_run_are_rejected(tmp_path: Path, path: str) -> None:
    run(tmp_path, "other")
    (run(tmp_path, "kiln") / "repo").mkdir()
    (tmp_path / "kiln" / "repo" / "out").symlink_to("/etc")
    with pytest.raises(RunFolderError, match=r"leads out of|is a link"):
        read_text(RunsFolder(tmp_path).folder("kiln"), path)


def test_a_run_has_the_name_that_the_user_gave_it(tmp_path: Path) -> None:
    run(tmp_path, "kiln")
    runs_folder = RunsFolder(tmp_path)
    assert runs_folder.label("kiln") == "kiln"
    runs_folder.rename("kiln", "  Second\n try\u202e ")
    assert runs_folder.label("kiln") == "Second try"
    assert Overview(runs_folder).read().runs[0].label == "Second try"
    with pytest.raises(RunFolderError, match="at most"):
        runs_folder.rename("kiln", "x" * 500)
    runs_folder.rename("kiln", "")
    assert runs_folder.label("kiln") == "kiln"


def test_a_deleted_run_is_in_the_bin_until_it_is_restored_or_erased(tmp_path: Path) -> None:
    run(tmp_path, "kiln")
    run(tmp_path, "busy")
    runs_folder = RunsFolder(tmp_path)
    with lock(tmp_path / "busy"), pytest.raises(RunFolderError, match="is running"):
        runs_folder.delete("busy")
    runs_folder.delete("kiln")
    assert runs_folder.runs() == ("busy",)
    run(tmp_path, "kiln")
    runs_folder.delete("kiln")
    assert {each.name for each in runs_folder.deleted()} == {"kiln", "kiln-2"}
    run(tmp_path, "kiln")
    assert runs_folder.restore("kiln") == "kiln-2"
    runs_folder.erase("kiln-2")
    assert runs_folder.deleted() == ()
    for name in ("../busy", "kiln"):
        with pytest.raises(RunFolderError):
            runs_folder.erase(name)


def test_a_new_name_is_free_and_plain(tmp_path: Path) -> None:
    runs_folder = RunsFolder(tmp_path)
    assert runs_folder.new("../../etc/Passwd: <b>") == "etc-Passwd-b"
    assert runs_folder.new("...") == "paper"
    run(tmp_path, "kiln")
    run(tmp_path, "kiln-2")
    assert runs_folder.new("kiln") == "kiln-3"
    assert len(runs_folder.new("x" * 500)) <= 120
