"""No test reaches a network, reads the user's settings or works in the user's folder."""

import ipaddress
import os
import socket
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from papercoder.runs.folder import digest
from papercoder.stages.checking import linters
from papercoder.stages.checking.linters import run_tool
from tests.support import MARKDOWN

settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("tests")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes give no id: a packed file holds the second it was packed in, and pytest-xdist's workers compare ids."""
    return argname if isinstance(val, bytes) else None


LONG = (
    "web/test_browser_live",
    "web/test_browser_read",
    "bench/ray/test_placement",
    "web/",
    "stages/execution/test_execute",
    "operations/",
    "test_example",
    "sandbox/",
    "attacks/",
    "stages/",
    "cli/",
    "pipeline/",
    "benchmarks/",
    "bench/",
    "test_wheel",
    "test_readme",
)
"""How the names of files begin that take long: they are first, so that no worker is idle at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first; see the option `--no-loadscope-reorder` in the Makefile."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(here).as_posix()
        return next((number for number, start in enumerate(LONG) if name.startswith(start)), len(LONG))

    items.sort(key=place)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """After pytest's own summary: which tests were skipped, and how to run them."""
    result = yield
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        skipped = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reporter.stats.get("skipped", ()))
        if skipped:
            reporter.write_line("skipped: " + "; ".join(f"{reason} ({n})" for reason, n in sorted(skipped.items())))
    return result


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_here(address[0]):
            raise AssertionError(f"a test reached for the network: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process wrote is there without it; only a machine that loses power needs it."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture(autouse=True, scope="session")
def _runs_of_tests_are_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures of whole modules start runs too."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in [name for name in os.environ if name.startswith("PAPERCODER_") or name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    empty = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(empty))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.chdir(empty)


@pytest.fixture(autouse=True, scope="session")
def _each_tool_reads_the_same_code_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """ruff and mypy take seconds, and many tests make the same repository: all workers keep what they said of it."""
    base = tmp_path_factory.getbasetemp()
    kept = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def run_once(
        arguments: list[str], root: Path, seconds: float, memory: int = 4 << 30, **variables: str
    ) -> str | None:
        code = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}
        known = kept / f"tool-{digest([arguments, code, seconds, memory, variables])}"
        if known.exists():
            return known.read_text(encoding="utf-8")
        output = run_tool(arguments, root, seconds, memory, **variables)
        if output is not None:
            part = base / known.name
            part.write_text(output, encoding="utf-8")
            part.replace(known)
        return output

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(linters, "run_tool", run_once)
        patched.setattr(linters, "run_tool", run_once)
        yield


@pytest.fixture
def paper_file(tmp_path: Path) -> Path:
    """A tiny paper."""
    path = tmp_path / "paper.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    return path
