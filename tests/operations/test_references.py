"""Code of other works: from a folder or a git address into the run folder, once, and never that of the paper itself."""

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from papercoder.agents.references import Reference
from papercoder.artifacts import Quote, Repository, Requirements, Traceability
from papercoder.errors import RunFolderError, SettingsError
from papercoder.operations import references as operation
from papercoder.operations.generate import PROFILES, generate
from papercoder.operations.references import stored_references, take_references
from papercoder.operations.revise import settings_to_resume
from papercoder.pipeline.pipeline import references_used
from papercoder.repository import git
from papercoder.repository.traceability import to_markdown, trace
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, Warned
from papercoder.settings import Settings, recorded_settings
from papercoder.stages import checking
from tests.operations.test_generate import without_tools
from tests.scripted import DESIGN, Workshop, play, project
from tests.server import serving
from tests.support import REQUIREMENTS, Scripted, of_kind, requirement
from tests.support import git as run_git

LINE_PY = '''\
"""Lines."""

RATE = 0.05


def fit_line(inputs, targets, epochs=40, rate=RATE):
    """The weight of a scaled input, with no bias, by gradient descent with a learning rate of 0.05."""
    weight = 0.0
    for _ in range(epochs):
        weight -= rate * sum((weight * x - y) * x for x, y in zip(inputs, targets))
    return weight
'''
PASSAGE = "ref:hgp/lines/fit.py:6-11"
MIT = "Permission is hereby granted, free of charge, to any person\nobtaining a copy of this software"
URL = "https://example.org/someone/hgp"


@pytest.fixture
def hgp(tmp_path: Path) -> Path:
    folder = tmp_path / "hgp"
    (folder / "lines").mkdir(parents=True)
    (folder / "lines" / "fit.py").write_text(LINE_PY)
    (folder / "LICENSE").write_text(MIT)
    return folder


def take(run: Path, *references: str | Path, **changes: Any) -> tuple[Reference, ...]:
    settings = Settings(references=tuple(map(str, references)), **changes)
    asyncio.run(take_references(run, settings))
    return stored_references(run, settings).items


def test_a_folder_is_read_with_the_nearest_licence(tmp_path: Path, hgp: Path) -> None:
    (hgp / "other").mkdir()
    (hgp / "other" / "COPYING.txt").write_text("GNU GENERAL PUBLIC LICENSE\nVersion 3")
    (hgp / "other" / "a.py").write_text("a = 1\n")
    (hgp / "b.py").write_text("# SPDX-License-Identifier: Zlib\nb = 1\n")
    (hgp / "pyproject.toml").write_text('[project]\nlicense = "BSD-3-Clause"\n')
    (item,) = take(tmp_path / "run", hgp)
    licences = {file.path: file.licence for file in item.files}
    assert licences == {"b.py": "Zlib", "lines/fit.py": "MIT", "other/a.py": "GPL", "pyproject.toml": "MIT"}
    assert (item.name, item.origin) == ("hgp", "hgp")
    (hgp / "LICENSE").unlink()
    (item,) = take(tmp_path / "run", hgp)
    assert next(file.licence for file in item.files if file.path == "lines/fit.py") == "BSD-3-Clause"


def test_links_pipes_hidden_large_and_packed_files_are_not_read(tmp_path: Path, hgp: Path) -> None:
    (tmp_path / "secret.py").write_text("KEY = 'secret'\n")
    (hgp / "link.py").symlink_to(tmp_path / "secret.py")
    (hgp / "up").symlink_to(tmp_path)
    os.mkfifo(hgp / "pipe.py")
    (hgp / ".env.py").write_text("KEY = 'secret'\n")
    (hgp / "node_modules").mkdir()
    (hgp / "node_modules" / "x.js").write_text("x = 1\n")
    (hgp / "huge.py").write_text("x = 1\n" * 50_000)
    (hgp / "packed.js").write_text("x=1;" * 1000)
    (hgp / "latin.py").write_bytes(b"x = '\xe9'\n")
    (hgp / "a]\n[b.py").write_text("x = 1\n")
    (item,) = take(tmp_path / "run", hgp)
    assert [file.path for file in item.files] == ["lines/fit.py"]


def test_what_is_too_much_is_left_out_and_said(tmp_path: Path, hgp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (hgp / "z.py").write_text("z = 1\n" * 100)
    monkeypatch.setattr(operation, "_LARGEST", len(LINE_PY) + 10)
    settings = Settings(references=(str(hgp),))
    assert asyncio.run(take_references(tmp_path / "run", settings)) == (
        f"1 files of {hgp} were left out, because it is too large",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere", "neither a folder nor an address that git may clone from"),
        ("http://example.org/a/b", "write it as https://HOST/OWNER/NAME"),
        ("git@example.org:a/b.git", "nor an address that git may clone from"),
        ("file:///etc", "nor an address that git may clone from"),
        ("ext::sh -c touch% x", "nor an address that git may clone from"),
        ("--upload-pack=touch x", "nor an address that git may clone from"),
        ("https://token@example.org/a/b", "nor an address that git may clone from"),
        ("https://127.0.0.1/a/b", "on this machine or in a private network"),
        ("https://localhost:8443/a/b", "on this machine or in a private network"),
    ],
)
def test_what_is_not_cloned_is_said_in_a_sentence(tmp_path: Path, given: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        take(tmp_path / "run", given)
    assert not (tmp_path / "run").exists()


def test_a_folder_without_code_is_said(tmp_path: Path, hgp: Path) -> None:
    shutil.rmtree(hgp / "lines")
    with pytest.raises(SettingsError, match="has no code that can be read"):
        take(tmp_path / "run", hgp)


# The blacklist


@pytest.mark.parametrize(
    "entry",
    [URL, f"{URL}.git", "http://www.example.org/Someone/HGP/", "someone/hgp", "hgp", "https://example.org/someone"],
)
def test_a_repository_on_the_blacklist_is_refused(tmp_path: Path, entry: str) -> None:
    with pytest.raises(SettingsError, match=f"--reference {URL} was not used, because the blacklist names"):
        take(tmp_path / "run", URL, blacklist=(entry,))


def test_a_folder_is_refused_by_its_name_and_by_its_remote(tmp_path: Path, hgp: Path) -> None:
    with pytest.raises(SettingsError, match="the blacklist names hgp"):
        take(tmp_path / "run", hgp, blacklist=("hgp",))
    moved = hgp.rename(tmp_path / "innocent")
    run_git(moved, "init", "--quiet")
    run_git(moved, "remote", "add", "origin", "git@example.org:someone/hgp.git")
    with pytest.raises(SettingsError, match=f"the blacklist names {URL}"):
        take(tmp_path / "run", moved, blacklist=(URL,))
    (item,) = take(tmp_path / "run", moved, blacklist=("someone/hgp2", "gp", "example.com"))
    assert item.origin == "git@example.org:someone/hgp.git"
    with pytest.raises(SettingsError, match="the blacklist names"):  # a run that has it already
        take(tmp_path / "run", moved, blacklist=(URL,))


@pytest.mark.timeout(60)
def test_a_configuration_of_blank_lines_takes_no_time(tmp_path: Path, hgp: Path) -> None:
    """Each line was searched to the end of the file."""
    (hgp / ".git").mkdir()
    (hgp / ".git" / "config").write_text("\n" * 60_000)
    (item,) = take(tmp_path / "run", hgp)
    assert item.origin == "hgp"


@pytest.mark.parametrize("kind", ["a pipe", "a link", "a large file"])
def test_a_configuration_that_is_not_gits_own_is_not_read(tmp_path: Path, hgp: Path, kind: str) -> None:
    (hgp / ".git").mkdir()
    config = hgp / ".git" / "config"
    match kind:
        case "a pipe":
            os.mkfifo(config)
        case "a link":
            config.symlink_to("/dev/zero")
        case _:
            config.write_text("\n" * 100_000)
    (item,) = take(tmp_path / "run", hgp)
    assert item.origin == "hgp"


# Clones


@pytest.fixture
def cloned(hgp: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were cloned; each leads to a repository on this machine."""
    (hgp / "link.py").symlink_to("/etc/hostname")
    (hgp / ".gitattributes").write_text("*.py filter=evil\n")
    run_git(hgp, "init", "--quiet")
    run_git(hgp, "add", "--all")
    for message in ("one", "two"):
        run_git(hgp, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", message)
    asked: list[str] = []

    async def clone(address: str, folder: Path) -> None:
        asked.append(address)
        await git.clone(hgp.as_uri(), folder)
        assert (folder / ".git" / "shallow").is_file()
        assert not (folder / "link.py").is_symlink()

    monkeypatch.setattr(git, "_PROTOCOL", "file")
    monkeypatch.setattr(operation, "clone", clone)
    monkeypatch.setattr(operation, "is_internal", lambda _: False)
    return asked


def test_a_repository_is_cloned_once(tmp_path: Path, hgp: Path, cloned: list[str]) -> None:
    for _ in range(2):
        (item,) = take(tmp_path / "run", URL)
        assert (item.origin, item.revision) == (URL, run_git(hgp, "rev-parse", "HEAD").strip())
        assert "lines/fit.py" in {file.path for file in item.files}
    assert cloned == [URL]


def test_two_repositories_of_the_same_name_are_told_apart(tmp_path: Path, cloned: list[str]) -> None:
    one, two = take(tmp_path / "run", URL, "https://example.org/other/hgp")
    assert (one.name, two.name[:4]) == ("hgp", "hgp-")
    assert len(cloned) == 2


def test_a_clone_that_fails_or_redirects_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setattr(git, "_PROTOCOL", "http")
        path = "/a/b/info/refs?service=git-upload-pack"
        server.raw[path] = f"HTTP/1.1 302 Found\r\nLocation: {server.address}/secret\r\n\r\n".encode()
        with pytest.raises(RunFolderError, match="/a/b could not be cloned"):
            asyncio.run(git.clone(f"{server.address}/a/b", tmp_path / "clone"))
        assert [asked for asked, _ in server.asked] == [path]


def test_a_clone_that_takes_too_long_ends(tmp_path: Path, hgp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_git(hgp, "init", "--quiet")
    monkeypatch.setattr(git, "_PROTOCOL", "file")
    monkeypatch.setattr(git, "_CLONE_SECONDS", 0.0)
    with pytest.raises(RunFolderError, match="could not be cloned within 0 s"):
        asyncio.run(git.clone(hgp.as_uri(), tmp_path / "clone"))


# Runs


@pytest.fixture
def paper_and_answers(paper_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERCODER_SANDBOX", "none")
    monkeypatch.setenv("PAPERCODER_REFINE", "0")
    monkeypatch.setattr(checking, "CHECKS", without_tools())

    def analysis(request: Any) -> str:
        name = "R1" if request.subject.endswith("model.py") else "R2"
        return f"# {request.subject}\n\n- {name}: as in [{PASSAGE}].\n"

    play(monkeypatch, project(analysis=analysis))
    return paper_file


def generated(paper: Path, run: Path, settings: Settings) -> list[Any]:
    before = len(list(read_events(run)))
    asyncio.run(generate(paper, run, settings))
    return list(read_events(run))[before:]


def test_what_requirements_and_analyses_cite_is_traced(tmp_path: Path, hgp: Path) -> None:
    settings, workshop = Settings(references=(str(hgp),)), Workshop(tmp_path / "run", Scripted({}))
    take(workshop.folder, hgp)
    code = stored_references(workshop.folder, settings)
    run = replace(workshop.run, context=replace(workshop.run.context, references=code))
    (workshop.folder / "analysis" / "tinyfit").mkdir(parents=True)
    (workshop.folder / "analysis" / "tinyfit" / "model.py.md").write_text(
        f"- R1: as in [{PASSAGE}], not [ref:x/y:1-2]."
    )
    quote = Quote(anchor="ref:hgp/lines/fit.py:1-5", text="the rate")
    cited = requirement("R2").model_copy(update={"evidence": (quote,)})
    requirements = Requirements(items=(REQUIREMENTS.items[0], cited))
    used = references_used(run, replace(DESIGN, requirements=requirements))
    assert {name: [(each.path, each.first, each.last) for each in found] for name, found in used.items()} == {
        "R1": [("lines/fit.py", 6, 11)],
        "R2": [("lines/fit.py", 1, 5)],
    }
    table = to_markdown(trace(requirements, DESIGN.architecture, (), used))
    assert "- R1: `lines/fit.py:6-11` of hgp, revision " in table
    assert "; licence MIT" in table
    assert str(tmp_path) not in table
    assert references_used(workshop.run, DESIGN) == {}
    assert "other works" not in to_markdown(trace(requirements, DESIGN.architecture, ()))


def test_a_run_keeps_its_references_when_the_folder_is_gone(tmp_path: Path, hgp: Path) -> None:
    before = take(tmp_path / "run", hgp)
    shutil.rmtree(hgp)
    assert take(tmp_path / "run", hgp) == before


@pytest.mark.slow  # its parts are tested above
def test_a_run_traces_what_it_used_and_resumes_without_the_reference(
    tmp_path: Path, hgp: Path, paper_and_answers: Path
) -> None:
    run, settings = tmp_path / "run", Settings(references=(str(hgp),))
    generated(paper_and_answers, run, settings)
    table = (run / "repo" / "TRACEABILITY.md").read_text()
    assert "## Code of other works that was read" in table
    assert "- R1: `lines/fit.py:6-11` of hgp, revision " in table
    assert "; licence MIT" in table
    assert str(tmp_path) not in table
    shutil.rmtree(hgp)
    resumed = settings_to_resume(run, {})
    assert resumed.references == (str(hgp),)
    assert of_kind(generated(paper_and_answers, run, resumed), CallMade) == []


async def paper_alone(*_: object) -> Repository:
    """A pipeline that asks nothing."""
    return Repository(files=(), traceability=Traceability(traces=()))


def test_the_folder_of_a_run_of_someone_else_is_not_read(
    tmp_path: Path, hgp: Path, paper_and_answers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROFILES, "plan", paper_alone)
    run = tmp_path / "run"
    generated(paper_and_answers, run, Settings(references=(str(hgp),), blacklist=("someone/else",), profile="plan"))
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    resumed = settings_to_resume(copy, {})
    assert (resumed.references, resumed.blacklist) == ((), ("someone/else",))
    warned = of_kind(generated(paper_and_answers, copy, resumed), Warned)
    (said,) = (event.message for event in warned if event.message.startswith("These settings of the run were not used"))
    assert f"references = ['{hgp}']" in said


def test_settings_are_recorded_by_absolute_paths(tmp_path: Path, hgp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorded = recorded_settings(Settings(references=("hgp", URL), blacklist=("x/y",)))
    assert (recorded["references"], recorded["blacklist"]) == ([str(hgp), URL], ["x/y"])
    assert not {"references", "blacklist"} & recorded_settings(Settings()).keys()
    (one,) = take(tmp_path / "run", "hgp")
    assert take(tmp_path / "run", hgp) == (one,)
    assert len(list((tmp_path / "run" / "references").iterdir())) == 1


def test_a_profile_without_requirements_says_that_it_reads_no_references() -> None:
    assert (
        "references has no effect, because the profile papercoder has no such requirements"
        in Settings(references=(URL,), profile="papercoder").unused
    )
