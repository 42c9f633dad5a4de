"""Runs the tests in `tests/` with pytest and reports the outcome of each.

The text of this file runs in the generated repository's interpreter, without PaperCoder. The report repeats a nonce
that is deleted before any code of the repository is imported, so printing what pytest prints, or exiting early with
code 0, passes no test. Hooks in a `conftest.py` that could change outcomes are ignored, and a test of our own that must
fail shows whether failures are still reported as failures.

The tests share this interpreter. Code that is written against this very script could find the nonce in memory and write
a report, just as it could contain tests that check nothing. Neither shows in a test run; it takes a reader of the code.
"""

import json
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path.cwd()
HARMLESS_HOOKS = frozenset(
    {
        "pytest_addoption",
        "pytest_assertrepr_compare",
        "pytest_collection_modifyitems",
        "pytest_configure",
        "pytest_generate_tests",
        "pytest_make_parametrize_id",
        "pytest_report_header",
        "pytest_unconfigure",
    }
)
"""What a `conftest.py` may do: none of these sees an outcome."""


class Recorder:
    """A plugin that records the outcome of each test, and of files that could not be collected."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.failures_are_reported = False

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Put a test that must fail before the first test, in the same module."""
        yield
        module = items[0].getparent(pytest.Module) if items else None
        if module:
            items.insert(0, MustFail.from_parent(module, name="test_must_fail", callobj=must_fail))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run the test that must fail without showing or counting it."""
        if not isinstance(item, MustFail):
            return None
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        self.failures_are_reported = any(report.outcome != "passed" for report in reports)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that was skipped or could not be imported."""
        if report.outcome != "passed":
            self.outcomes[report.nodeid] = report.outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the worst outcome of setup, call and teardown; a test without a call did not pass."""
        known = self.outcomes.get(report.nodeid)
        if report.outcome != "passed":
            self.outcomes[report.nodeid] = "failed" if known == "failed" else report.outcome
        elif report.when == "call":
            self.outcomes.setdefault(report.nodeid, "passed")


class MustFail(pytest.Function):
    """The test that must fail."""


def must_fail() -> None:
    """Fail, as a test does."""
    raise AssertionError


def ignore_hooks(recorder: Recorder) -> None:
    """Let pytest ignore all but harmless hooks of the repository's plugins."""
    parse: Callable[..., Any] = pytest.PytestPluginManager.parse_hookimpl_opts

    def parse_harmless(manager: pytest.PytestPluginManager, plugin: object, name: str) -> Any:
        ours = plugin is recorder or name in HARMLESS_HOOKS or not is_of_repository(plugin)
        return parse(manager, plugin, name) if ours else None

    pytest.PytestPluginManager.parse_hookimpl_opts = parse_harmless  # type: ignore[assignment, method-assign]


def is_of_repository(plugin: object) -> bool:
    """Whether the module of a plugin, or of its class, lies in the repository or has no file."""
    module = plugin if hasattr(plugin, "__file__") else sys.modules.get(type(plugin).__module__)
    file = getattr(module, "__file__", None)
    return file is None or Path(file).resolve().is_relative_to(ROOT)


def main(nonce_file: str, report_file: str) -> int:
    """Run the tests and write the report; returns pytest's exit code."""
    nonce = Path(nonce_file).read_text(encoding="ascii")
    Path(nonce_file).unlink()
    recorder = Recorder()
    ignore_hooks(recorder)
    sys.path.insert(0, str(ROOT))
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-o", "addopts="]
    code = pytest.main([*options, "tests"], plugins=[recorder])
    complete = recorder.failures_are_reported
    report = {"nonce": nonce, "complete": complete, "outcomes": recorder.outcomes}
    (ROOT / report_file).write_text(json.dumps(report), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
