"""A run folder, or a project, that someone else made is data: nothing in it decides what happens on this machine.

`revise` and the page's resume used to take the address for API keys, `sandbox: subprocess`, relay folders, programs and
prompts from the folder, and git ran the programs that `repo/.git/config` names. Results in its store counted as
observed, and its `data.lock.json` could name any folder of this machine for the code to read.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from papercoder.artifacts import DataLock, DataSources, ExecutionReport, StepResult, TrialList
from papercoder.datasets.fetch import give
from papercoder.datasets.run_data import data_status, mounts_for, read_data
from papercoder.datasets.servers import url_release
from papercoder.errors import FetchError, RunFolderError, SettingsError
from papercoder.operations.data import give_data
from papercoder.operations.generate import generate
from papercoder.operations.reproduce import options_to_resume
from papercoder.operations.revise import settings_to_resume, source_to_resume
from papercoder.report import load as load_report
from papercoder.repository.git import History
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import CallMade, Event, RunStarted, Warned
from papercoder.runs.folder import step_store
from papercoder.runs.overview import report as overview
from papercoder.runs.ownership import foreign_results
from papercoder.runs.run import Run, observes
from papercoder.settings import ROLES, Settings, own_file
from papercoder.web.runs.active import ActiveRuns
from papercoder.web.runs.folder import RunsFolder
from tests.datasets.servers import source
from tests.support import PAPER, SIMULATED

HOSTILE: dict[str, Any] = {
    "base_url": "openai=http://127.0.0.1:9/v1",
    "context_window": 1,
    "gpu": True,
    "price_completion": 0.0,
    "price_prompt": 0.0,
    "prompts": "/tmp/prompts",
    "reproduce": True,
    "sandbox": "subprocess",
}


def foreign(folder: Path, model: str = "openai:gpt-6-luna", paper: str = "paper.md", **settings: Any) -> Path:
    """A run as an archive brings it: nothing in it was written by this user's PaperCoder."""
    start = RunStarted(paper=paper, models=dict.fromkeys(ROLES, model), profile="paper", settings=settings)
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text(start.model_dump_json() + "\n", encoding="utf-8")
    (folder / "paper.json").write_text(PAPER.model_dump_json(), encoding="utf-8")
    return folder


def test_addresses_sandboxes_prompts_and_prices_are_the_users_own(tmp_path: Path) -> None:
    own, resumed = Settings(), settings_to_resume(foreign(tmp_path / "run", **HOSTILE, refine=3), {})
    assert {name: getattr(resumed, name) for name in HOSTILE} == {name: getattr(own, name) for name in HOSTILE}
    assert resumed.refine == 3


@pytest.mark.parametrize("model", ["relay:/tmp/relay", "recorded:/tmp/recorded", "command:touch /tmp/x"])
def test_models_that_open_folders_or_run_programs_are_the_users_own(tmp_path: Path, model: str) -> None:
    resumed = settings_to_resume(foreign(tmp_path / "run", model), {})
    assert (resumed.model, resumed.models) == (Settings().model, {})


def test_what_the_user_gives_is_used(tmp_path: Path) -> None:
    given = {"model": "recorded:mine", "sandbox": "subprocess"}
    resumed = settings_to_resume(foreign(tmp_path / "run", **HOSTILE), given)
    assert (resumed.model, resumed.sandbox) == ("recorded:mine", "subprocess")


def test_the_users_cost_limit_is_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = foreign(tmp_path / "run", max_cost=1e9)
    assert settings_to_resume(run, {}).max_cost == 1e9
    monkeypatch.setenv("PAPERCODER_MAX_COST", "2.5")
    assert settings_to_resume(run, {}).max_cost == 2.5


def test_the_users_blacklist_is_not_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = foreign(tmp_path / "run", blacklist=["c/d"])
    monkeypatch.setenv("PAPERCODER_BLACKLIST", '["a/b"]')
    assert settings_to_resume(run, {}).blacklist == ("a/b", "c/d")


def test_a_log_with_negative_costs_is_not_read(tmp_path: Path) -> None:
    run = foreign(tmp_path / "run")
    call = CallMade(agent="a", subject="", model="m", prompt=1, cached=0, completion=1, cost_usd=1.0, seconds=1.0)
    with (run / "events.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({**call.model_dump(mode="json"), "cost_usd": -1e9}) + "\n")
    with pytest.raises(RunFolderError):
        list(read_events(run))


def test_a_path_in_a_foreign_run_is_never_read_as_its_paper(tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# My letters\n", encoding="utf-8")
    run = foreign(tmp_path / "run", paper=str(secret))
    assert source_to_resume(run) is None
    asyncio.run(generate(None, run, Settings(model=SIMULATED, sandbox="none", profile="paper")))
    assert source_to_resume(run) is None
    (run / "paper.json").unlink()
    assert source_to_resume(run) == "secret.md"


@pytest.mark.slow
def test_the_user_is_told_what_was_not_used(tmp_path: Path) -> None:
    run, events = foreign(tmp_path / "run", **HOSTILE), list[Event]()
    settings = settings_to_resume(run, {"model": SIMULATED})
    asyncio.run(generate(None, run, settings, [events.append]))
    observed, told = [event.message for event in events if isinstance(event, Warned) and event.where == "settings"]
    assert "is observed again" in observed
    assert "base_url = openai=http://127.0.0.1:9/v1" in told
    assert "sandbox = subprocess" in told
    assert "Give them as flags or in your own settings" in told


def test_a_run_stays_the_users_own_after_it_was_resumed(tmp_path: Path) -> None:
    run = foreign(tmp_path / "run", **HOSTILE)
    settings = Settings(model=SIMULATED, sandbox="none", profile="paper")
    asyncio.run(generate(None, run, settings))
    assert settings_to_resume(run, {}).sandbox == "none"


def test_the_page_resumes_with_the_users_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign(tmp_path / "run", "command:touch /tmp/x", **HOSTILE)
    started: list[Settings] = []

    async def start(_: ActiveRuns, name: str, source: str | None, settings: Settings, *__: object) -> None:
        started.append(settings)

    monkeypatch.setattr(ActiveRuns, "start", start)
    asyncio.run(ActiveRuns(RunsFolder(tmp_path)).resume("run"))
    (settings,) = started
    assert (settings.base_url, settings.sandbox, settings.model) == (None, "auto", Settings().model)


def test_a_reproduction_runs_where_the_user_says(tmp_path: Path) -> None:
    run = foreign(tmp_path / "run")
    options = {"budget": 1e6, "gpu": True, "on": "slurm", "sandbox": "subprocess", "scale": 0.5, "workers": 64}
    (run / "reproduction").mkdir()
    lists: dict[str, list[str]] = {"finished": [], "trials": [], "omitted": [], "estimates": []}
    plan = {"options": options, "workers": 1, "seconds": 1.0, **lists}
    (run / "reproduction" / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    resumed = options_to_resume(run, Settings())
    assert (resumed.gpu, resumed.on, resumed.sandbox, resumed.scale) == (False, "local", "auto", 0.5)
    assert resumed.budget == Settings().budget
    EventLog(run)(RunStarted(paper="paper.md", models={}, profile="paper"))  # now it is the user's own
    assert options_to_resume(run, Settings()).sandbox == "subprocess"


# what it says was observed


class Context:
    """The context of `look`."""

    def fingerprint(self, make: Callable[..., object]) -> None:
        """Nothing."""


@observes
async def look(_: Context, code: str) -> TrialList:
    """An observation that depends on the code alone."""
    LOOKED.append(code)
    return TrialList(trials=())


LOOKED: list[str] = []


def looked(folder: Path, code: str) -> TrialList:
    run = Run(folder, Context(), lambda _: None, step_store(folder))
    return asyncio.run(run.step("execution/1.json", look, code))


def stored(folder: Path) -> Path:
    (path,) = (folder / ".store" / "steps").glob("step-*")
    return path


@pytest.mark.parametrize("attack", ["another user", "a changed result", "a changed file", "a result of other code"])
def test_what_this_user_did_not_observe_is_observed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    run, forged = tmp_path / "run", TrialList(trials=(), not_measured={"C1": "forged"})
    assert looked(run, attack) == looked(run, attack) == TrialList(trials=())
    assert LOOKED.count(attack) == 1
    match attack:
        case "another user":
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
        case "a changed result":
            entry = json.loads(stored(run).read_text())
            stored(run).write_text(json.dumps({**entry, "text": forged.model_dump_json()}))
        case "a changed file":
            (run / "execution" / "1.json").write_text(forged.model_dump_json())
        case _:
            looked(tmp_path / "other", "other code")
            stored(run).write_bytes(stored(tmp_path / "other").read_bytes())
    assert looked(run, attack) == TrialList(trials=())
    assert LOOKED.count(attack) == (1 if attack == "a changed file" else 2)
    assert "forged" not in (run / "execution" / "1.json").read_text()


def test_own_observations_hold_in_a_copy_of_the_folder(tmp_path: Path) -> None:
    looked(tmp_path / "run", "copied")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    looked(tmp_path / "copy", "copied")
    assert LOOKED.count("copied") == 1


def test_results_of_trials_and_checks_in_a_foreign_store_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, Context(), lambda _: None, step_store(tmp_path))
    run.remember("trial-1", "measured")
    assert run.recall("trial-1") == "measured"
    run.store.put("trial-2", run.store.get("trial-1") or "")
    assert run.recall("trial-2") is None
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    assert run.recall("trial-1") is None


def test_results_that_a_folder_brings_are_named_where_they_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    own = Run(foreign(folder), Context(), lambda _: None, step_store(folder))
    report = ExecutionReport(steps=(StepResult(step="smoke", status="passed"),), sandbox="bubblewrap")
    asyncio.run(own.write_output("execution/report.json", report))
    assert foreign_results(folder) == ""
    (folder / "reproduction").mkdir()
    (folder / "reproduction" / "claims.json").write_text("{}")
    assert "says what its trials measured, but this was not observed by you" in foreign_results(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    told = foreign_results(folder)
    assert "says what was executed and what its trials measured" in told
    assert told in overview(folder).warnings
    assert told in load_report(folder).warnings


# data


def test_a_path_of_this_machine_is_read_only_if_this_user_gave_it(tmp_path: Path) -> None:
    """A lock could name any folder, such as one with keys, and the code wrote it into its results."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id").write_text("secret")
    run, needed = tmp_path / "run", source(name="dots", kind="private", id="")
    (run / "planning").mkdir(parents=True)
    (run / "planning" / "data.json").write_text(DataSources(items=(needed,)).model_dump_json())
    entry = give(needed, tmp_path / "keys")
    (run / "data.lock.json").write_text(DataLock(sources=(entry,)).model_dump_json())
    assert mounts_for(read_data(run)).binds == ()
    (problem,) = data_status(run).problems
    assert "was not given by you to this run" in problem
    give_data(run, [f"dots={tmp_path / 'keys'}"])
    assert [bind.source for bind in mounts_for(read_data(run)).binds] == [tmp_path / "keys"]
    assert data_status(run).problems == ()
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    assert mounts_for(read_data(copy)).binds == ()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "169.254.169.254", "10.0.0.1", "[::1]", "[fd00::1]"])
def test_no_address_of_a_private_network_is_fetched(host: str) -> None:
    """Such as the credentials that clouds serve to their machines, which the code would get to read."""
    named = source(name="dots", kind="url", id=f"http://{host}/latest/meta-data/")
    with httpx.Client() as client, pytest.raises(FetchError, match="address of this machine or of a private network"):
        url_release(named, client)


# git


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that a repository names; it leaves a file if it ran."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\ncat\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def committed(folder: Path) -> History:
    history = History(folder, 1_700_000_000)
    folder.mkdir()
    (folder / "main.py").write_text("x = 1\n", encoding="utf-8")
    asyncio.run(history.init())
    asyncio.run(history.commit("One", ("main.py",)))
    return history


SETTINGS = {
    "file system monitor": "[core]\n\tfsmonitor = {}\n",
    "hooks": "[core]\n\thooksPath = {}/..\n",
    "filter": '[filter "x"]\n\tclean = {}\n\tsmudge = {}\n\tprocess = {}\n',
    "diff driver": '[diff "x"]\n\tcommand = {}\n\ttextconv = {}\n',
    "external diff": "[diff]\n\texternal = {}\n",
    "signature": "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = {}\n",
    "alias": "[alias]\n\tadd = !{}\n",
    "pager": "[core]\n\tpager = {}\n",
    "work tree": "[core]\n\tworktree = {}/..\n",
    "include": "[include]\n\tpath = {}\n",
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_git_runs_no_program_that_a_repository_names(tmp_path: Path, program: Path, setting: str) -> None:
    history = committed(tmp_path / "repo")
    with (history.folder / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(setting.replace("{}", str(program)))
    (history.folder / ".gitattributes").write_text("* filter=x diff=x\n", encoding="utf-8")
    (history.folder / "main.py").write_text("x = 2\n", encoding="utf-8")
    for use in (history.init, lambda: history.commit("Two", ("main.py",)), history.versions):
        with pytest.raises(RunFolderError, match=r"git was not run in .* Remove it, or delete the folder \.git"):
            asyncio.run(use())
    assert not (tmp_path / "ran").exists()


def test_hooks_and_attributes_of_a_repository_run_nothing(tmp_path: Path, program: Path) -> None:
    history = committed(tmp_path / "repo")
    for name in ("pre-commit", "post-commit", "post-index-change", "reference-transaction"):
        hook = history.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(program.read_bytes())
        hook.chmod(0o755)
    (history.folder / ".config" / "git").mkdir(parents=True)
    (history.folder / ".config" / "git" / "config").write_text(f"[core]\n\tfsmonitor = {program}\n", encoding="utf-8")
    (history.folder / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {program}\n", encoding="utf-8")
    (history.folder / "main.py").write_text("x = 2\n", encoding="utf-8")
    asyncio.run(history.commit("Two", ("main.py",)))
    assert [version.message for version in asyncio.run(history.versions())] == ["Two", "One"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("attack", ["a link", "a file", "a linked folder in it", "alternates", "a common folder"])
def test_git_neither_reads_nor_writes_another_repository(tmp_path: Path, attack: str) -> None:
    victim, history = committed(tmp_path / "victim"), committed(tmp_path / "repo")
    git = history.folder / ".git"
    match attack:
        case "a link":
            git.rename(tmp_path / "away")
            git.symlink_to(victim.folder / ".git")
        case "a file":
            git.rename(tmp_path / "away")
            git.write_text(f"gitdir: {victim.folder / '.git'}\n", encoding="utf-8")
        case "a linked folder in it":
            (git / "refs" / "heads").rename(tmp_path / "away")
            (git / "refs" / "heads").symlink_to(victim.folder / ".git" / "refs" / "heads")
        case "alternates":
            (git / "objects" / "info").mkdir(exist_ok=True)
            (git / "objects" / "info" / "alternates").write_text(f"{victim.folder}/.git/objects\n", encoding="utf-8")
        case _:
            (git / "commondir").write_text(f"{victim.folder}/.git\n", encoding="utf-8")
    (history.folder / "main.py").write_text("x = 2\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in (victim.folder / ".git").rglob("*") if path.is_file()}
    with pytest.raises(RunFolderError, match="git was not run"):
        asyncio.run(history.commit("Two", ("main.py",)))
    assert {path: path.read_bytes() for path in (victim.folder / ".git").rglob("*") if path.is_file()} == before


# a project


@pytest.mark.parametrize(
    "line",
    [
        'base_url = "openai=http://127.0.0.1:9/v1"',
        'base_url = "http://127.0.0.1:9/v1"',
        'sandbox = "subprocess"',
        "gpu = true",
        'prompts = "prompts"',
        'references = ["/home"]',
        "price_prompt = 0.0",
        'model = "command:touch x"',
        'model = "relay:/tmp/x"',
        '[models]\ncoding = "recorded:/tmp/x"',
    ],
)
def test_a_settings_file_of_a_project_does_not_reach_outside_it(line: str) -> None:
    Path("papercoder.toml").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(
        SettingsError, match=r"papercoder\.toml in the working directory sets .*, which only you may set"
    ):
        Settings()
    own_file().parent.mkdir(parents=True, exist_ok=True)
    Path("papercoder.toml").rename(own_file())
    if not line.startswith("price"):
        Settings()


@pytest.mark.parametrize(
    "line", ['SANDBOX = "subprocess"', 'Base_URL = "http://127.0.0.1:9/v1"', 'MODEL = "command:x"']
)
def test_a_setting_in_capitals_is_none(line: str) -> None:
    """Settings were compared by their exact names, and accepted in capitals."""
    Path("papercoder.toml").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="there is no such setting"):
        Settings()


@pytest.mark.parametrize("limit", ["1e9", "inf", '"1e9"', "true"])
def test_a_project_raises_no_limit_and_shortens_no_blacklist_of_the_user(limit: str) -> None:
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text('max_cost = 0.5\nblacklist = ["a/b"]\n', encoding="utf-8")
    Path("papercoder.toml").write_text(f'max_cost = {limit}\nblacklist = ["c/d"]\n', encoding="utf-8")
    assert (Settings().max_cost, Settings().blacklist) == (0.5, ("a/b", "c/d"))
    Path("papercoder.toml").write_text("max_cost = 0.25\n", encoding="utf-8")
    assert Settings().max_cost == 0.25


def test_the_address_of_the_users_own_file_stays_in_a_project() -> None:
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text('base_url = "openai=https://mine.example/v1"\n', encoding="utf-8")
    Path("papercoder.toml").write_text("refine = 2\n", encoding="utf-8")
    assert (Settings().base_url_for("openai"), Settings().refine) == ("https://mine.example/v1", 2)


@pytest.mark.parametrize("kind", ["a pipe", "a link"])
def test_a_settings_file_of_a_project_is_a_regular_file(tmp_path: Path, kind: str) -> None:
    if kind == "a pipe":
        os.mkfifo("papercoder.toml")
    else:
        Path("papercoder.toml").symlink_to("/dev/zero")
    with pytest.raises(SettingsError, match=r"papercoder\.toml was not opened"):
        Settings()
