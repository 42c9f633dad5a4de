"""What is observed of files is kept; what lies outside them is no observation."""

import asyncio
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from papercoder.artifacts import ExecutionReport, Outcome, SourceFile
from papercoder.environments.installers import unreachable
from papercoder.runs.events import Event, ExecutionStepEnded
from papercoder.sandbox import selection
from papercoder.stages.execution.execute import Unobserved, execute_files, write_files
from tests.sandbox.conftest import isolating
from tests.stages.execution.test_execute import FILES
from tests.support import Scripted, make_agents, of_kind

STANDARD = {name: text for name, text in FILES.items() if not name.startswith("tests/")}
"""A repository that needs no package."""


def files(changes: Mapping[str, str] = {}) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=path, text=text) for path, text in {**STANDARD, **changes}.items())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Environments of its own, and an index at a port where nobody listens."""
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("UV_INDEX", "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def observe(given: tuple[SourceFile, ...], events: list[Event]) -> ExecutionReport:
    agents = make_agents(Scripted({}), events.append)
    return asyncio.run(execute_files(agents, given, "bubblewrap"))


def test_new_files_are_executed_for_real(cache: Path) -> None:
    isolating()
    events: list[Event] = []
    report = observe(files(), events)
    assert report.passed == ("install", "import", "start", "smoke")
    assert [event.status for event in of_kind(events, ExecutionStepEnded)] == [step.status for step in report.steps]
    assert report.observed


def test_a_failure_of_the_files_is_observed(cache: Path) -> None:
    isolating()
    report = observe(files({"src/model.py": "import nothing_of_this_name\n"}), [])
    assert report.failed is not None
    assert (report.failed.step, report.observed) == ("install", True)


def test_an_index_out_of_reach_is_no_observation(cache: Path) -> None:
    isolating()
    with pytest.raises(Unobserved) as nothing:
        observe(files({"requirements.txt": "nothing-of-this-name>=1\n"}), [])
    report = nothing.value.report
    assert report.failed is None
    assert {step.status for step in report.steps} == {"skipped"}
    assert "packages could not be fetched" in report.unseen
    assert nothing.value.exit_code == 3
    assert pickle.loads(pickle.dumps(nothing.value)).report == report


def test_no_sandbox_is_no_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> str:
        return "it is not installed"

    for name in selection.ISOLATED:
        monkeypatch.setitem(selection.ISOLATED, name, nothing)
    with pytest.raises(Unobserved, match="no sandbox works here"):
        asyncio.run(execute_files(make_agents(Scripted({})), files(), "auto"))


def test_files_are_laid_out_as_they_are(tmp_path: Path) -> None:
    write_files((*files(), SourceFile(path="deep/er/a.py", text="x = 'é'\r\n")), tmp_path)
    assert (tmp_path / "deep" / "er" / "a.py").read_bytes() == "x = 'é'\r\n".encode()
    assert (tmp_path / "reproduce.sh").stat().st_mode & 0o111
    assert not (tmp_path / "main.py").stat().st_mode & 0o111


def outcome(output: str, exit_code: int | None = 1) -> Outcome:
    return Outcome(exit_code=exit_code, seconds=1.0, output=output, sandbox="bubblewrap")


@pytest.mark.parametrize(
    "output",
    [
        "error: Failed to fetch: `https://example.org/numpy/`\n  Caused by: tcp connect error: Connection refused",
        "  Caused by: dns error: failed to lookup address information: Name or service not known",
        "NewConnectionError: Failed to establish a new connection: [Errno 111]\nERROR: No matching distribution found",
        "  Caused by: operation timed out",
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.",
        "HTTP status server error (503 Service Unavailable) for url (https://example.org/simple/numpy/)",
        "error: failed to write: No space left on device (os error 28)",
        "  Caused by: invalid peer certificate: UnknownIssuer",
    ],
)
def test_what_lies_outside(output: str) -> None:
    assert unreachable(outcome(output)).startswith("packages could not be fetched")


@pytest.mark.parametrize(
    "output",
    [
        "Because nothing was not found in the package registry, your requirements are unsatisfiable.",
        "ERROR: No matching distribution found for numpy==99",
        "error: Couldn't parse requirement in `requirements.txt`",
        "HTTP status client error (404 Not Found) for url (https://example.org/simple/nothing/)",
        "",
    ],
)
def test_what_the_requirements_themselves_are_to_blame_for(output: str) -> None:
    assert unreachable(outcome(output)) == ""


def test_an_installer_that_came_through_in_the_end_was_not_cut_off() -> None:
    assert unreachable(outcome("Connection refused, retrying", exit_code=0)) == ""
