"""No write and no read through links or special files, and no file that grows without end.

Links at `events.jsonl`, `.store` and `repo/.git` led writes outside, `.store/lock` truncated its target, pipes hung a
run and the page, and `config.yaml -> /dev/zero`, `tests -> /` and YAML aliases took memory and time without bounds.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import StepResult
from papercoder.bench.results.files import read_results
from papercoder.environments.environment import has_tests, needed_modules
from papercoder.environments.repository_copy import read_untrusted_file, temporary_copy
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.evaluation.repository_view import judged_files, load_observations
from papercoder.operations.edit import save
from papercoder.operations.generate import generate
from papercoder.operations.revise import settings_to_resume
from papercoder.report import load as load_report
from papercoder.repository.files import own_files, read_files
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import RunEnded, RunStarted
from papercoder.runs.folder import is_locked, load, lock, step_store
from papercoder.runs.overview import report
from papercoder.settings import Settings
from papercoder.stages.checking import check
from papercoder.stages.execution.steps import declared_tests, steps
from papercoder.web.pages.files import pack
from papercoder.web.runs.folder import Overview, RunsFolder
from papercoder.web.runs.watcher import EventFollower
from tests.support import PAPER, SIMULATED

SETTINGS = Settings(model=SIMULATED, sandbox="none", profile="paper")
WRITTEN = [
    "events.jsonl",
    ".store",
    ".store/lock",
    ".store/steps",
    "paper.json",
    "paper.md",
    "planning",
    "planning/plan.json",
    "checking",
    "review",
    "repo",
    "repo/.git",
    "repo/.git/config",
    "report.html",
]


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder outside the run."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "file").write_text("precious", encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder."""
    folder = tmp_path / "runs" / "run"
    folder.mkdir(parents=True)
    EventLog(folder)(RunStarted(paper="paper.md", models={}, profile="paper"))
    EventLog(folder)(RunEnded(status="complete"))
    (folder / "paper.json").write_text(PAPER.model_dump_json(), encoding="utf-8")
    (folder / "repo").mkdir()
    (folder / "repo" / "main.py").write_text("import numpy\n", encoding="utf-8")
    return folder


def replace(path: Path, kind: str, victim: Path) -> None:
    """Put a link or a pipe in the place of a file or folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(victim.parent / "away")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to(victim if kind == "linked folder" else victim / "file")


def untouched(victim: Path) -> bool:
    return {path.name: path.read_text(encoding="utf-8") for path in victim.iterdir()} == {"file": "precious"}


@pytest.mark.parametrize("kind", ["linked file", "linked folder", "pipe", "device"])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_run_with_a_link_where_it_writes_is_not_opened(run: Path, victim: Path, name: str, kind: str) -> None:
    replace(run / name, kind, victim)
    uses: list[Callable[[], object]] = [
        lambda: lock(run).__enter__(),
        lambda: asyncio.run(generate(None, run, SETTINGS)),
        lambda: save(run, "paper.md", None, "mine"),
        lambda: RunsFolder(run.parent).run("run"),
        lambda: load_report(run),
        lambda: report(run),
    ]
    for use in uses:
        with pytest.raises(RunFolderError, match=r"is a link or another special file|is not a run folder"):
            use()
    assert not is_locked(run)
    assert Overview(RunsFolder(run.parent)).read().runs == []
    assert untouched(victim)


@pytest.mark.parametrize("kind", ["linked file", "linked folder", "pipe", "device"])
def test_each_reader_and_writer_refuses_by_itself(run: Path, victim: Path, kind: str) -> None:
    """Also without the check of the whole folder, which a link may have been added after."""
    replace(run / "events.jsonl", kind, victim)
    replace(run / ".store" / "steps" / "key", kind, victim)
    replace(run / "planning" / "plan.json", kind, victim)
    uses: list[Callable[[], object]] = [
        lambda: list(read_events(run)),
        lambda: EventLog(run),
        lambda: settings_to_resume(run, {}),
        lambda: step_store(run).get("key"),
        lambda: load(run, "planning/plan.json", StepResult),
    ]
    for use in uses:
        with pytest.raises(RunFolderError, match="was not opened"):
            use()
    assert EventFollower(run).read_new() == []
    assert list(step_store(run).texts()) == []
    step_store(run).put("key", "replaces the link")
    assert not (run / ".store" / "steps" / "key").is_symlink()
    assert untouched(victim)


def test_links_of_the_user_in_the_repository_are_allowed_and_never_followed(run: Path, victim: Path) -> None:
    (run / "repo" / "data").symlink_to(victim)
    (victim / "secret.py").write_text("import secret_module\n", encoding="utf-8")
    (run / "repo" / "linked.py").symlink_to(victim / "secret.py")
    repository = run / "repo"
    with lock(run):
        assert own_files(repository) == ("main.py",)
    assert [file.path for file in read_files(repository)] == ["main.py"]
    assert [file.path for file in judged_files(repository)] == ["main.py"]
    assert set(needed_modules(repository)) == {"numpy"}
    assert report(run).files == ("main.py",)
    with pack(run, "run") as packed:
        assert b"secret" not in packed.read()
    with pytest.raises(RunFolderError, match="was not opened"):
        save(run, "repo/data/file", "precious", "changed")
    assert (victim / "file").read_text(encoding="utf-8") == "precious"


HOSTILE = ["config.yaml", "config.smoke.yaml", "requirements.txt", "main.py", "results.json", "reproduce.log", "tests"]


@pytest.mark.parametrize("kind", ["linked file", "linked folder", "pipe", "device"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_repository_with_special_files_is_read_without_them(run: Path, victim: Path, name: str, kind: str) -> None:
    (victim / "test_secret.py").write_text("def test_secret(): ...\n", encoding="utf-8")
    repository = run / "repo"
    (repository / "other.py").write_text("x = 1\n", encoding="utf-8")
    replace(repository / name, kind, victim)
    assert name not in own_files(repository)
    assert not any("secret" in file.path for file in (*read_files(repository), *judged_files(repository)))
    assert not has_tests(repository)
    assert declared_tests(repository) == frozenset()
    assert "secret" not in str(steps(repository))
    assert check(repository).files == (1 if name == "main.py" else 2)
    assert read_untrusted_file(repository, name) is None
    (run / "events.jsonl").unlink()
    if name == "reproduce.log":
        with pytest.raises(RunFolderError):
            load_observations(repository.rename(run / "submission"))


@pytest.mark.parametrize("kind", ["linked folder", "pipe", "device"])
def test_results_of_a_bench_are_a_regular_file(tmp_path: Path, victim: Path, kind: str) -> None:
    replace(tmp_path / "bench" / "results.json", kind, victim)
    assert RunsFolder(tmp_path).benches() == ()
    with pytest.raises(RunFolderError, match="was not opened"):
        read_results(tmp_path / "bench")


def test_a_copy_for_the_sandbox_has_no_pipes_and_no_links_that_lead_out(run: Path, victim: Path) -> None:
    repository = run / "repo"
    os.mkfifo(repository / "pipe")
    (repository / "package").mkdir()
    targets: dict[str, str | Path] = {
        "absolute": victim,
        "upward": "../../victim",
        "loop": "loop",
        "inside": "main.py",
        "own": repository,
    }
    for name, target in targets.items():
        (repository / name).symlink_to(target)
    (repository / "package" / "main.py").symlink_to("../main.py")

    async def names() -> set[str]:
        async with temporary_copy(repository) as folder:
            return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}

    assert asyncio.run(names()) == {"main.py", "inside", "loop", "package", "package/main.py"}


def test_sizes_and_depths_have_limits(run: Path) -> None:
    repository = run / "repo"
    with (repository / "config.yaml").open("wb") as file:
        file.truncate(1 << 40)
    (repository / "deep" / "/".join("d" * 500)).mkdir(parents=True)
    assert [file.path for file in read_files(repository)] == ["main.py"]
    assert own_files(repository) == ("config.yaml", "main.py")
    assert read_untrusted_file(repository, "config.yaml") is None
    with pytest.raises(RunFolderError, match="is larger than"):
        pack(run, "run")


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
YAML = {
    "aliases": BOMB,
    "itself": "a: &a [*a]\n",
    "a merge of itself": "a: &a\n  <<: *a\n",
    "depth": "a: " + "[" * 50_000,
    "many values": "a: [" + "1," * 80_000 + "1]\n",
    "a number": "a: " + "9" * 100_000 + "\n",
    "no date": "a: 2024-13-45\n",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_yaml_that_grows_or_breaks_is_one_finding(run: Path, text: str) -> None:
    repository = run / "repo"
    (repository / "config.yaml").write_text(text, encoding="utf-8")
    (repository / "config.smoke.yaml").write_text("a: 1\n", encoding="utf-8")
    assert len([found for found in check(repository).findings if found.path == "config.yaml"]) <= 2


def test_a_name_that_leads_out_is_not_opened(run: Path, victim: Path) -> None:
    for name in ("../../victim/file", str(victim / "file"), "repo/../../../victim/file"):
        with pytest.raises(PaperCoderError, match="leads out"):
            save(run, name, "precious", "changed")
        assert read_untrusted_file(run, name) is None
    assert untouched(victim)
