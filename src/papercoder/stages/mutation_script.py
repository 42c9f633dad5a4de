"""Runs the tests of one file against wrong versions of what they test, and reports which tests fail on which.

The text of this file runs in the generated repository's interpreter, without PaperCoder. Every version runs in a fork
of this process, which has imported the packages already, so that a version takes as long as its tests. A version that
takes much longer than the right one counts as noticed. Versions for which no time is left are not in the report.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

ROOT = Path.cwd()
SLOWER, AT_LEAST = 5.0, 10.0
"""A version may take this many times as long as the right one, and at least so many seconds."""


class Recorder:
    """A plugin that records which tests passed."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test with parameters fails if it fails for one of them."""
        name = report.nodeid.partition("[")[0]
        if report.outcome == "failed":
            self.failed.add(name)
        elif report.when == "call" and report.outcome == "passed":
            self.passed.add(name)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is reported as failed by its own name."""
        if report.outcome == "failed":
            self.failed.add(report.nodeid)


def run_tests(test: str) -> str:
    """The names of the tests that passed, and of those that failed, as JSON."""
    recorder = Recorder()
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-o", "addopts="]
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        pytest.main([*options, test], plugins=[recorder])
    return json.dumps([sorted(recorder.passed - recorder.failed), sorted(recorder.failed)])


def in_fork(test: str, seconds: float) -> str:
    """`run_tests` in a fork; empty if it does not end in time, or ends without a result."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reading)
        os.write(writing, run_tests(test).encode())
        os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], seconds)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read().decode() if ready else ""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it may have ended
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return answer


def main(nonce_file: str, report_file: str, plan_file: str) -> None:
    """Run all versions that the plan lists, as long as its time lasts."""
    nonce = Path(nonce_file).read_text(encoding="ascii")
    Path(nonce_file).unlink()
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    Path(plan_file).unlink()
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(ROOT))
    for name in plan["packages"]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # the tests that need it fail by themselves
    started = time.monotonic()
    outcomes = {"": in_fork(plan["test"], plan["seconds"])}
    limit = max(SLOWER * (time.monotonic() - started), AT_LEAST)
    for number, version in enumerate(plan["versions"]):
        if time.monotonic() - started > plan["seconds"]:
            break
        path = ROOT / version["path"]
        right = path.read_text(encoding="utf-8")
        path.write_text(version["text"], encoding="utf-8")
        outcomes[str(number)] = in_fork(plan["test"], limit)
        path.write_text(right, encoding="utf-8")
    report = {"nonce": nonce, "complete": True, "outcomes": outcomes}
    (ROOT / report_file).write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
