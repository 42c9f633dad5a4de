"""Repositories that pretend to work: what they print, and how they end, passes no step."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from papercoder.artifacts import SourceFile, TrialResult
from papercoder.artifacts.execution import ExecutionReport
from papercoder.environments.repository_copy import read_report, temporary_copy, write_nonce
from papercoder.stages.execution.execute import execute
from papercoder.stages.execution.steps import declared_tests
from papercoder.stages.reproduction.preparation import prepare
from papercoder.stages.reproduction.trial import TrialCaps, TrialRequest, run_trial
from tests.reproduction.packages import OwnPackages
from tests.sandbox.conftest import isolating
from tests.stages.execution.test_execute import LIMITS, write
from tests.stages.reproduction.test_trial import DONE, SLOT, TRIAL, result_of

FAILS = "def test_wrong():\n    assert 1 == 2\n\n\ndef test_right():\n    assert True\n"
PRINTS_AND_EXITS = "import os\nprint('1 passed in 0.01s', flush=True)\nos._exit(0)\n"
WRITES_A_REPORT = """
import json, os
outcomes = {"tests/test_model.py::test_wrong": "passed", "tests/test_model.py::test_right": "passed"}
with open(".papercoder-report", "w") as file:
    json.dump({"nonce": "0" * 32, "complete": True, "outcomes": outcomes}, file)
os._exit(0)
"""
CHANGES_OUTCOMES = """
import pytest

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    result = yield
    report = result.get_result()
    report.outcome, report.longrepr = "passed", None

def pytest_sessionfinish(session):
    session.exitstatus = 0
"""
CALLS_NOTHING = "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"
REGISTERS_A_PLUGIN = """
class Quiet:
    def pytest_pyfunc_call(self, pyfuncitem):
        return True

def pytest_configure(config):
    config.pluginmanager.register(Quiet())
"""
LEAVES_OUT = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if item.name != "test_wrong"]
"""
IGNORES_A_FILE = "collect_ignore = ['test_model.py']\n"
REPLACES_PYTEST = """
import _pytest.runner, os, sys, types

def quiet(item):
    return None

_pytest.runner.pytest_runtest_call = quiet
from _pytest.python import Function
Function.runtest = lambda self: None
"""
FORGERIES = {
    "prints and exits": {"tests/conftest.py": PRINTS_AND_EXITS},
    "writes a report": {"tests/conftest.py": WRITES_A_REPORT},
    "changes outcomes": {"tests/conftest.py": CHANGES_OUTCOMES},
    "calls no test": {"tests/conftest.py": CALLS_NOTHING},
    "registers a plugin": {"tests/conftest.py": REGISTERS_A_PLUGIN},
    "leaves a test out": {"tests/conftest.py": LEAVES_OUT},
    "ignores a file": {"tests/conftest.py": IGNORES_A_FILE, "tests/test_other.py": "def test_right():\n    pass\n"},
    "patches pytest": {"conftest.py": REPLACES_PYTEST},
    "options": {"pytest.ini": "[pytest]\naddopts = -k right\n"},
    "a module named pytest": {"pytest.py": PRINTS_AND_EXITS, "_pytest.py": PRINTS_AND_EXITS},
    "exits in a test": {
        "tests/test_a.py": f"def test_a():\n    {PRINTS_AND_EXITS.replace(chr(10), chr(10) + '    ')}\n"
    },
}


def executed(repository: Path) -> ExecutionReport:
    return asyncio.run(execute(repository, isolating(), OwnPackages(), LIMITS))


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_failing_tests_do_not_pass(tmp_path: Path, forgery: Mapping[str, str]) -> None:
    report = executed(write(tmp_path, {"tests/test_model.py": FAILS, **forgery}))
    assert report.failed
    assert report.failed.step in {"import", "tests"}


HONEST_CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long")

def pytest_collection_modifyitems(config, items):
    for item in items:
        if "slow" in item.keywords and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="slow"))

@pytest.fixture
def two():
    return 2

@pytest.fixture(autouse=True)
def _seed():
    yield
"""
HONEST_TESTS = """
import unittest
import pytest

@pytest.fixture
def test_data():
    return [1]

class TestConfig:
    __test__ = False
    def test_nothing(self): ...

class TestCases:
    def test_method(self, two):
        assert two == 2

class Unit(unittest.TestCase):
    def test_unit(self):
        self.assertEqual(1, 1)

@pytest.mark.slow
def test_slow():
    assert False

@pytest.mark.parametrize("value", [1, 2])
def test_parameters(value, test_data):
    assert value

@pytest.mark.xfail
def test_known_to_fail():
    assert False

if False:
    def test_never(): ...
"""


def test_honest_tests_pass(tmp_path: Path) -> None:
    optional = "import pytest\n\npytest.importorskip('no_such_module')\n\n\ndef test_optional():\n    assert False\n"
    changes = {
        "tests/conftest.py": HONEST_CONFTEST,
        "tests/test_model.py": HONEST_TESTS,
        "tests/test_optional.py": optional,
    }
    report = executed(write(tmp_path, changes))
    assert "tests" in report.passed
    output = next(step.output for step in report.steps if step.step == "tests")
    assert "4 passed, 2 skipped, 1 xfailed" in output
    assert "must_fail" not in output


def test_an_import_that_prints_what_our_script_prints_does_not_pass(tmp_path: Path) -> None:
    code = "import os\nprint('imported 3 of 3 modules', flush=True)\nos._exit(0)\n"
    report = executed(write(tmp_path, {"src/model.py": code}))
    assert report.failed
    assert report.failed.step == "import"
    assert "ended Python before" in report.failed.reason


def test_a_report_counts_only_with_its_nonce(tmp_path: Path) -> None:
    nonce = write_nonce(tmp_path)
    (tmp_path / ".papercoder-report").write_text(f'{{"nonce": "{nonce}", "complete": true, "outcomes": {{}}}}')
    assert read_report(tmp_path, nonce)
    assert read_report(tmp_path, "0" * 32) is None
    assert write_nonce(tmp_path) != nonce
    assert read_report(tmp_path, nonce) is None


def test_results_of_earlier_trials_are_not_run_again(tmp_path: Path) -> None:
    write(tmp_path / "repo", {"results/one.json": "{}", "results/smoke/one.json": "{}", "results/table.py": "x = 1\n"})

    async def copied() -> list[str]:
        async with temporary_copy(tmp_path / "repo") as folder:
            return sorted(path.name for path in (folder / "results").rglob("*") if path.is_file())

    assert asyncio.run(copied()) == ["table.py"]


def trial(**files: str) -> TrialResult | None:
    """The result of a trial in a repository with these files."""
    sources = tuple(SourceFile(path=path, text=text) for path, text in files.items())
    preparation = asyncio.run(prepare((SourceFile(path="requirements.txt", text=""),), "auto", None, OwnPackages()))
    request = TrialRequest(trial=TRIAL, files=sources, scale=0.5)
    return asyncio.run(run_trial(preparation, request, TrialCaps(seconds=60), SLOT, lambda _: None)).result


def test_a_trial_that_writes_its_result_and_fails_is_not_done() -> None:
    isolating()
    result = trial(**{"main.py": f"{result_of(DONE)}; raise SystemExit('it did not end')"})
    assert result
    assert (result.status, result.reason) == ("failed", "exit code 1: it did not end")


def test_a_result_that_was_shipped_with_the_code_is_not_one_of_the_trial() -> None:
    isolating()
    result = trial(**{"main.py": "pass", "results/t-0.json": json.dumps(DONE)})
    assert result
    assert result.status == "failed"


def test_declared_tests_are_those_that_pytest_collects(tmp_path: Path) -> None:
    write(tmp_path, {"tests/test_model.py": HONEST_TESTS})
    names = {name.partition("::")[2] for name in declared_tests(tmp_path)}
    assert names == {"TestCases::test_method", "test_slow", "test_parameters", "test_known_to_fail"}
