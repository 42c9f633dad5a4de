"""A run may be killed at any moment; running it again pays for nothing twice and ends in the same repository."""

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from papercoder.artifacts import FigureDescriptions, Repository
from papercoder.errors import CostCapReached, PaperError, RunFolderError, SandboxError, SettingsError
from papercoder.models.stack import calls
from papercoder.operations.generate import generate
from papercoder.operations.preview import preview
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, CallStarted, Emit, Event, RunEnded, RunStarted, Warned
from papercoder.runs.folder import answer_store, load, lock
from papercoder.runs.summary import summarise
from papercoder.sandbox import selection
from papercoder.settings import Settings
from papercoder.stages import checking
from tests.support import MARKDOWN, calls_made, cancel_at, git, history_of, of_kind, tree

TINY = (
    "simulated:files=4,width=2,speed=100000,overall_plan=40,requirements=40,architecture=40,logic=40,config=40,"
    "analysis=40,coding=200"
)
_PROCESSES = multiprocessing.get_context("spawn")
"""Slower to start than a fork server, but children of this process, so that it knows how each one ended."""


TOOLS = {"names", "calls"}
"""Checks that start a linter and a type checker, which these tests do not need."""


@pytest.fixture(autouse=True, scope="module")
def _no_tools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checking, "CHECKS", without_tools())
        yield


def without_tools() -> tuple[Any, ...]:
    return tuple(each for each in checking.CHECKS if each[0] not in TOOLS)


def run(paper: Path, folder: Path, listeners: Iterable[Callable[[Event], None]] = (), **settings: Any) -> Repository:
    return asyncio.run(generate(paper, folder, Settings(**{"model": TINY, "sandbox": "none", **settings}), listeners))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "paper.md").write_text(MARKDOWN, encoding="utf-8")
    run(folder / "paper.md", folder / "run")
    return folder / "run"


def _answers(folder: Path) -> int:
    return len(list(answer_store(folder).folder.glob("call-*")))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Dies:
    """Calls through, but the process is killed when it is called for the n-th time, before or after."""

    def __init__(self, call: Callable[..., Any], at: int, *, before: bool = True) -> None:
        self.call, self.left, self.before = call, at, before

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0 and self.before:
            _die()
        result = self.call(*arguments, **named)
        if self.left == 0:
            _die()
        return result


def _run_until_call(paper: Path, folder: Path, at: int) -> None:
    made = _Dies(lambda: None, at)
    run(paper, folder, [lambda event: made() if isinstance(event, CallMade) else None])


def _run_until_write(paper: Path, folder: Path, where: str, at: int, *, before: bool) -> None:
    replace = os.replace
    dies = _Dies(replace, at, before=before)

    def replacing(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        path = f"{Path(f'/proc/self/fd/{dst_dir_fd}').readlink()}/{target}"
        (dies if where in path else replace)(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    os.replace = replacing  # type: ignore[assignment]
    run(paper, folder)


def _run_until_git(paper: Path, folder: Path, at: int) -> None:
    """Killed together with the git that it just started, which leaves a lock."""
    execute, started = asyncio.create_subprocess_exec, count(1)

    async def executing(*arguments: Any, **named: Any) -> Any:
        process = await execute(*arguments, **named)
        if next(started) == at:
            with suppress(ProcessLookupError):
                process.kill()
            (folder / "repo" / ".git").mkdir(exist_ok=True)
            (folder / "repo" / ".git" / "index.lock").touch()
            _die()
        return process

    asyncio.create_subprocess_exec = executing
    run(paper, folder)


def _unsynced(target: Callable[..., object], arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    os.fsync = lambda fd: None
    checking.CHECKS = without_tools()
    target(*arguments, **named)


def _killed(target: Callable[..., object], *arguments: Any, **named: Any) -> None:
    process = _PROCESSES.Process(target=_unsynced, args=(target, arguments, named))
    process.start()
    process.join(240)
    assert process.exitcode == -signal.SIGKILL


def assert_same_repository(folder: Path, whole: Path) -> None:
    assert tree(folder / "repo") == tree(whole / "repo")
    assert history_of(folder / "repo") == history_of(whole / "repo")
    assert git(folder / "repo", "status", "--short") == ""


def test_a_run_makes_a_repository_with_its_history(whole: Path) -> None:
    assert calls_made(whole).total() == _answers(whole) > 15
    messages = [line.split(maxsplit=2)[2] for line in reversed(history_of(whole / "repo"))]
    assert messages[:2] == ["Planning: the configuration", "Coding: the source files"]
    assert messages[-1].startswith("Packaging: ")
    assert {line.split()[1] for line in history_of(whole / "repo")} == {"PaperCoder"}
    assert git(whole / "repo", "status", "--short", "--ignored") == ""
    assert summarise(read_events(whole)).status == "complete"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_any_call_it_repeats_only_what_was_in_flight(paper_file: Path, tmp_path: Path, whole: Path) -> None:
    def kill_and_resume(at: int) -> None:
        folder = tmp_path / f"killed at {at}"
        _killed(_run_until_call, paper_file, folder, at)
        _assert_resumes(paper_file, folder, whole, at)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(kill_and_resume, range(1, _answers(whole) + 1)))


def _assert_resumes(paper: Path, folder: Path, whole: Path, at: int) -> None:
    before, kept = list(read_events(folder)), _answers(folder)
    assert len(of_kind(before, CallMade)) == at <= kept
    run(paper, folder)
    made = Counter((call.agent, call.subject) for call in of_kind(list(read_events(folder))[len(before) :], CallMade))
    sent = Counter((call.agent, call.subject) for call in of_kind(before, CallStarted))
    assert made.total() == _answers(whole) - kept
    assert (made & sent).total() == sent.total() - kept
    assert_same_repository(folder, whole)


@pytest.mark.slow
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("where", "at"), [("/steps/", 5), ("/answers/", 9), ("/planning/", 2), ("/repo/", 5)])
def test_a_run_killed_while_writing_a_file_is_resumed(
    paper_file: Path, tmp_path: Path, whole: Path, where: str, at: int, before: bool
) -> None:
    folder = tmp_path / "run"
    _killed(_run_until_write, paper_file, folder, where, at, before=before)
    run(paper_file, folder)
    assert _answers(folder) == _answers(whole)
    assert_same_repository(folder, whole)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3, 7, 10, 13])
def test_a_run_killed_while_git_works_is_resumed(paper_file: Path, tmp_path: Path, whole: Path, at: int) -> None:
    folder = tmp_path / "run"
    _killed(_run_until_git, paper_file, folder, at)
    run(paper_file, folder)
    assert_same_repository(folder, whole)


@pytest.mark.slow
def test_killed_again_and_again_it_still_arrives(paper_file: Path, tmp_path: Path, whole: Path) -> None:
    folder = tmp_path / "run"
    for _ in range(3):
        _killed(_run_until_call, paper_file, folder, 4)
    run(paper_file, folder)
    assert calls_made(folder).total() <= _answers(whole)
    assert _answers(folder) == _answers(whole)
    assert_same_repository(folder, whole)


def test_a_second_run_makes_no_call_and_no_commit(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run")
    head = git(tmp_path / "run" / "repo", "rev-parse", "HEAD")
    first = calls_made(tmp_path / "run")
    run(paper_file, tmp_path / "run")
    assert calls_made(tmp_path / "run") == first
    assert git(tmp_path / "run" / "repo", "rev-parse", "HEAD") == head


def test_listeners_hear_all_that_is_logged(paper_file: Path, tmp_path: Path) -> None:
    heard = list[Event]()
    run(paper_file, tmp_path / "run", [heard.append])
    assert heard == list(read_events(tmp_path / "run"))
    assert isinstance(heard[0], RunStarted)
    assert heard[-1] == RunEnded(at=heard[-1].at, status="complete")


def test_a_changed_prompt_remakes_what_its_agent_makes(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run")
    before = calls_made(tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "coding.md").write_text("Write `{{ path }}` well. {{ logic }} {{ requirements }}")
    run(paper_file, tmp_path / "run", prompts=tmp_path / "mine")
    again = calls_made(tmp_path / "run") - before
    assert {agent for agent, _ in again} == {"coding"}
    assert again.total() == 4


def test_another_model_for_a_role_remakes_what_that_role_makes(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run")
    before = calls_made(tmp_path / "run")
    run(paper_file, tmp_path / "run", models={"analysis": f"{TINY},seed=1"})
    again = calls_made(tmp_path / "run") - before
    assert {agent for agent, _ in again} == {"analysis", "coding"}


def test_a_changed_paper_remakes_all(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run")
    before = calls_made(tmp_path / "run")
    paper_file.write_text(MARKDOWN.replace("40 epochs", "41 epochs"), encoding="utf-8")
    run(paper_file, tmp_path / "run")
    again = calls_made(tmp_path / "run") - before
    assert ("overall_plan", "") in again
    assert ("requirements", "2, 3") in again


def test_an_edited_plan_is_used_and_undoing_it_costs_nothing(paper_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(paper_file, folder)
    before, analysis = calls_made(folder), folder / "analysis" / "simulated" / "experiments.py.md"
    text = analysis.read_text()
    analysis.write_text(f"{text}\nMind the units.\n")
    run(paper_file, folder)
    edited = calls_made(folder)
    assert edited - before == {("coding", "simulated/experiments.py"): 1}
    analysis.write_text(text)
    run(paper_file, folder)
    assert calls_made(folder) == edited


def test_an_edited_source_file_stays_and_in_layers_its_importers_are_written_again(
    paper_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    run(paper_file, folder, coding="layered")
    before, mine = calls_made(folder), folder / "repo" / "simulated" / "l0_m0.py"
    mine.write_text(mine.read_text() + "\n# mine\n")
    repository = run(paper_file, folder, coding="layered")
    again = calls_made(folder) - before
    assert [call for call in again if call[0] == "coding"] == [("coding", "simulated/l1_m0.py")]
    assert {agent for agent, _ in again} <= {"coding", "property_tests", "review"}
    assert mine.read_text().endswith("# mine\n")
    assert next(file.text for file in repository.files if file.path == "simulated/l0_m0.py").endswith("# mine\n")
    assert "# mine" in git(folder / "repo", "show", "HEAD:simulated/l0_m0.py")


def test_a_smaller_plan_prunes_files_of_the_older_one(paper_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(paper_file, folder)
    (folder / "repo" / "notes.txt").write_text("mine")
    run(paper_file, folder, model=TINY.replace("files=4", "files=3"))
    assert not (folder / "repo" / "simulated" / "l1_m0.py").exists()
    assert (folder / "repo" / "notes.txt").exists()
    assert "l1_m0.py" not in git(folder / "repo", "ls-files")
    assert git(folder / "repo", "status", "--short") == "?? notes.txt\n"


def test_the_published_profile_does_without_requirements(paper_file: Path, tmp_path: Path) -> None:
    repository = run(paper_file, tmp_path / "run", profile="papercoder")
    agents = Counter(agent for agent, _ in calls_made(tmp_path / "run").elements())
    assert agents == {"overall_plan": 1, "architecture": 1, "logic": 1, "config": 1, "analysis": 4, "coding": 4}
    assert repository.traceability is not None
    assert repository.traceability.traces == ()


def test_a_second_process_on_a_folder_is_refused(paper_file: Path, tmp_path: Path) -> None:
    with lock(tmp_path / "run"), pytest.raises(RunFolderError, match="Another process"):
        run(paper_file, tmp_path / "run")


def test_a_stopped_run_says_why_and_is_resumed(paper_file: Path, tmp_path: Path) -> None:
    priced = f"{TINY},price_in=100,price_out=100"
    with pytest.raises(CostCapReached, match="exceeds the cap"):
        run(paper_file, tmp_path / "run", model=priced, max_cost=3.0)
    stopped = summarise(read_events(tmp_path / "run"))
    assert stopped.status == "partial"
    assert "exceeds the cap" in stopped.reason
    assert stopped.cost_usd <= 3.0
    before = calls_made(tmp_path / "run")
    run(paper_file, tmp_path / "run", model=priced)
    after = calls_made(tmp_path / "run")
    assert before.total() > 0
    assert set(after.values()) == {1}


def test_malformed_answers_are_sent_back(paper_file: Path, tmp_path: Path, whole: Path) -> None:
    run(paper_file, tmp_path / "run", model=f"{TINY},garbage_every=3,rate_limit_every=7,retry_after=0")
    summary = summarise(read_events(tmp_path / "run"))
    assert summary.status == "complete"
    assert summary.calls.rejected > 0
    assert summary.calls.retried > 0
    made, wanted = tree(tmp_path / "run" / "repo"), tree(whole / "repo")
    assert {name for name in wanted if not name.startswith("tests/")} <= set(made)


def test_a_start_that_fails_leaves_no_folder(paper_file: Path, tmp_path: Path) -> None:
    with pytest.raises(PaperError):
        run(tmp_path / "none.pdf", tmp_path / "runs" / "new")
    with pytest.raises(SettingsError):
        run(paper_file, tmp_path / "runs" / "new", model="nobody:nothing")
    assert not (tmp_path / "runs").exists()


async def _away() -> str:
    return "the docker engine is not running"


def test_a_sandbox_that_does_not_work_stops_a_run_before_it_pays(
    paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(selection.SANDBOXES, "docker", _away)
    heard: list[Event] = []
    with pytest.raises(SandboxError, match="the docker engine is not running"):
        run(paper_file, tmp_path / "run", [heard.append], sandbox="docker")
    assert not of_kind(heard, CallStarted)
    assert not (tmp_path / "run").exists()


def test_that_nothing_can_be_executed_is_said_before_anything_is_paid(
    paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "ISOLATED", {"docker": _away})
    heard: list[Event] = []
    made = run(paper_file, tmp_path / "run", [heard.append], sandbox="auto")
    said = next(event for event in heard if isinstance(event, Warned | CallStarted))
    assert isinstance(said, Warned)
    assert said.message.startswith("Nothing can be executed because no sandbox works here: the docker engine is not")
    assert made.execution
    assert made.execution.unseen == "smoke was not run: no sandbox works here"


def test_a_start_that_fails_leaves_an_existing_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PaperError):
        run(tmp_path / "none.pdf", tmp_path)
    assert (tmp_path / "mine.txt").exists()


def test_a_resumed_run_whose_paper_is_gone_ends_as_partial(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run", profile="papercoder")
    paper_file.rename(tmp_path / "elsewhere.md")
    with pytest.raises(PaperError):
        run(paper_file, tmp_path / "run", profile="papercoder")
    assert summarise(read_events(tmp_path / "run")).status == "partial"


def other_paper(paper_file: Path) -> Path:
    """A copy of the paper under another title."""
    other = paper_file.with_name("other.md")
    title, _, rest = paper_file.read_text(encoding="utf-8").partition("\n")
    other.write_text(f"{title} Revisited\n{rest}", encoding="utf-8")
    return other


def test_a_folder_with_a_run_of_another_paper_is_refused(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run", profile="papercoder")
    before = (tmp_path / "run" / "events.jsonl").read_bytes()
    with pytest.raises(RunFolderError, match=r"run of another paper, \".+\"\. Choose .* -o, .* --force"):
        run(other_paper(paper_file), tmp_path / "run", profile="papercoder")
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == before


def test_a_folder_can_be_forced_to_another_paper(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run", profile="papercoder")
    settings = Settings(model=TINY, sandbox="none", profile="papercoder")
    asyncio.run(generate(other_paper(paper_file), tmp_path / "run", settings, force=True))
    assert "Revisited" in (tmp_path / "run" / "paper.json").read_text(encoding="utf-8")


def test_a_paper_that_was_moved_is_the_same_paper(paper_file: Path, tmp_path: Path) -> None:
    run(paper_file, tmp_path / "run", profile="papercoder")
    moved = paper_file.rename(tmp_path / "moved.md")
    run(moved, tmp_path / "run", profile="papercoder")
    assert summarise(read_events(tmp_path / "run")).status == "complete"


def test_a_run_folder_of_the_former_format_is_refused(paper_file: Path, tmp_path: Path) -> None:
    """Its events have no format number."""
    old = '{"at":1.0,"kind":"run_started","paper":"p.pdf","models":{},"profile":"full","settings":{}}\n'
    (tmp_path / "events.jsonl").write_text(old, encoding="utf-8")
    with pytest.raises(RunFolderError, match="another version of PaperCoder"):
        run(paper_file, tmp_path)
    assert (tmp_path / "events.jsonl").read_text(encoding="utf-8") == old


def test_an_interrupted_run_says_so_and_is_resumed(paper_file: Path, tmp_path: Path, whole: Path) -> None:
    def analysed(event: Event) -> bool:
        return isinstance(event, CallMade) and event.agent == "analysis"

    def start(listener: Emit) -> Awaitable[Repository]:
        return generate(paper_file, tmp_path / "run", Settings(model=TINY, sandbox="none"), [listener])

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel_at(analysed, start))
    assert summarise(read_events(tmp_path / "run")).reason == "it was interrupted"
    run(paper_file, tmp_path / "run")
    assert set(calls_made(tmp_path / "run").values()) == {1}
    assert_same_repository(tmp_path / "run", whole)


def _no_report(folder: Path) -> None:
    """A report that cannot be written, since folders stand where its files would."""
    for name in ("report.html", "report.md"):
        (folder / name / "in the way").mkdir(parents=True)


def test_what_ended_a_run_is_raised_though_its_report_cannot_be_written(tmp_path: Path) -> None:
    heard = list[Event]()
    _no_report(tmp_path / "run")
    with pytest.raises(PaperError, match=r"none\.pdf"):
        run(tmp_path / "none.pdf", tmp_path / "run", [heard.append])
    assert isinstance(heard[-1], Warned)
    assert heard[-1].where == "report"
    assert "report.html" in heard[-1].message
    assert summarise(read_events(tmp_path / "run")).status == "partial"


def test_an_unforeseen_error_of_the_report_hides_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> None:
        raise KeyError("missing")

    monkeypatch.setattr("papercoder.operations.generate.write_report", broken)
    (tmp_path / "run").mkdir()  # in a new folder, a missing paper is refused before anything starts
    with pytest.raises(PaperError, match=r"none\.pdf") as failure:
        run(tmp_path / "none.pdf", tmp_path / "run")
    assert isinstance(failure.value.__context__, KeyError)


def test_a_report_that_cannot_be_written_is_an_error_where_there_is_no_other(paper_file: Path, tmp_path: Path) -> None:
    _no_report(tmp_path / "run")
    with pytest.raises(RunFolderError, match=r"report\.html"):
        run(paper_file, tmp_path / "run", profile="papercoder")
    assert summarise(read_events(tmp_path / "run")).status == "complete"


def with_a_figure(folder: Path, colour: str) -> Path:
    """LaTeX source of a paper with a picture."""
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (40, 20), colour).save(folder / "net.png")
    (folder / "main.tex").write_text(
        r"\documentclass{article}\title{A Tiny Method}\begin{document}\section{Method}The net is in Figure 1."
        r"\begin{figure}\includegraphics{net}\caption{The net.}\end{figure}\end{document}",
        encoding="utf-8",
    )
    return folder


def test_figures_are_described_once_for_the_plan(tmp_path: Path) -> None:
    paper, folder = with_a_figure(tmp_path / "paper", "red"), tmp_path / "run"
    run(paper, folder, profile="plan")
    assert not (folder / "planning" / "figures.json").exists()
    assert not (folder / "pictures").exists()
    seeing: dict[str, Any] = {"profile": "plan", "models": {"vision": TINY}}
    run(paper, folder, **seeing)
    assert calls_made(folder)[("figure", "fig:1")] == 1
    figures = load(folder, "planning/figures.json", FigureDescriptions)
    assert [item.summary for item in figures.items] == ["A simulated description of fig:1."]
    run(paper, folder, **seeing)
    with_a_figure(paper, "blue")
    (folder / "pictures" / "fig-1.png").write_bytes((paper / "net.png").read_bytes())
    run(paper, folder, **seeing)
    assert calls_made(folder)[("figure", "fig:1")] == 2  # another picture is another question
    assert calls_made(folder)[("overall_plan", "")] == 2  # without and with the description
    texts = [call.request.text for call in calls(answer_store(folder)) if call.request.agent == "overall_plan"]
    assert ["A simulated description of fig:1." in text for text in texts] == [False, True]


def test_an_edited_description_makes_what_reads_it_again(tmp_path: Path) -> None:
    paper, folder = with_a_figure(tmp_path / "paper", "red"), tmp_path / "run"
    seeing: dict[str, Any] = {"profile": "plan", "models": {"vision": TINY}}
    run(paper, folder, **seeing)
    name = "planning/figures.json"
    edited = (folder / name).read_text(encoding="utf-8").replace("A simulated description", "Three layers")
    foreseen = asyncio.run(preview(folder, {name: edited}))
    assert [each.artifact for each in foreseen.certain] == ["planning/plan.json"]
    (folder / name).write_text(edited, encoding="utf-8")
    run(paper, folder, **seeing)
    assert calls_made(folder)[("figure", "fig:1")] == 1
    assert calls_made(folder)[("overall_plan", "")] == 2
