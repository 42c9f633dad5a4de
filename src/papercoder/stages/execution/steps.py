"""The steps after install: the command of each, and what it must produce besides exit code 0."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.execution import Outcome, StepName
from papercoder.environments.environment import has_tests
from papercoder.environments.repository_copy import RESULTS, read_untrusted_file
from papercoder.environments.script_report import ScriptReport, script
from papercoder.files.regular import walk
from papercoder.repository.claims_file import CLAIMS, read_claims
from papercoder.repository.paths import RUNNER, module_parts
from papercoder.stages.execution.declared_tests import declared_tests
from papercoder.stages.execution.trials import metric_problem, trial_list_problem

SMOKE_RESULTS = f"results/smoke/{RESULTS}"
TRIAL_LIST = "trials.json"
SMOKE_SECONDS = 60.0
"""The time that a smoke run should take; one on a busy machine may take twice as long."""

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Observation:
    """What was observed of a command that ended with exit code 0."""

    outcome: Outcome
    written: str | None
    """The text of the file that the step must write, if it did."""

    report: ScriptReport | None
    """The report of our script, if the command is one and ended as we wrote it."""


FindProblem = Callable[[Observation], str]
"""What is missing, in one sentence; empty if nothing."""


@dataclass(frozen=True)
class ExecutionStep:
    """A command and the check of its outcome."""

    name: StepName
    argv: tuple[str, ...]
    shown: str
    """The command as a user would type it."""

    problem: FindProblem
    skip_reason: str = ""
    """Why the step is skipped; empty if it is to run."""

    writes: str = RESULTS
    """The file that it must write."""


def steps(repository: Path) -> tuple[ExecutionStep, ...]:
    """The steps in their order."""
    modules = tuple(sorted(_modules(repository)))
    listed = f"python -c 'import {', '.join(modules)}'"
    imports, tests = script(_HERE / "import_script.py", *modules), script(_HERE / "pytest_script.py")
    no_tests = "" if has_tests(repository) else "the repository has no tests"
    has_trials = (repository / RUNNER).is_file()
    claims = read_claims(read_untrusted_file(repository, CLAIMS) or "")
    list_trials = f"python main.py --list > {TRIAL_LIST}"

    def smoke_problem(seen: Observation) -> str:
        return _writes_results(seen) or metric_problem(seen.written, claims) or _is_slow(seen.outcome)

    return (
        ExecutionStep("import", imports, listed, _imports_all(modules)),
        ExecutionStep("start", ("python", "main.py", "--help"), "python main.py --help", _prints_usage),
        ExecutionStep(
            "trials",
            ("bash", "-c", list_trials),
            "python main.py --list",
            lambda seen: trial_list_problem(seen.written, claims),
            "" if has_trials else f"the repository has no {RUNNER}",
            TRIAL_LIST,
        ),
        ExecutionStep("tests", tests, "python -m pytest tests", _passes_tests(declared_tests(repository)), no_tests),
        ExecutionStep(
            "smoke",
            ("bash", "reproduce.sh", "--smoke"),
            "./reproduce.sh --smoke",
            smoke_problem if has_trials else _writes_results,
            writes=SMOKE_RESULTS if has_trials else RESULTS,
        ),
    )


def _modules(repository: Path) -> Iterator[str]:
    """All importable modules except tests and `__main__` modules, which start a program."""
    for path in walk(repository):
        names = module_parts(path) if path.suffix == ".py" else ()
        if names and all(map(str.isidentifier, names)) and names[0] not in _NOT_OURS and names[-1] != "__main__":
            yield ".".join(names)


_NOT_OURS = frozenset({"tests", "venv", "setup"})


def _imports_all(modules: tuple[str, ...]) -> FindProblem:
    def problem(seen: Observation) -> str:
        passed = seen.report and {name for name, outcome in seen.report.outcomes.items() if outcome == "passed"}
        return "" if passed == set(modules) else "an import ended Python before all modules were imported"

    return problem


def _prints_usage(seen: Observation) -> str:
    return "" if "usage" in seen.outcome.output.lower() else "it printed no usage"


def _passes_tests(declared: frozenset[str]) -> FindProblem:
    def problem(seen: Observation) -> str:
        if not seen.report:
            return "a test or a conftest.py ended Python before all tests had run"
        outcomes = seen.report.outcomes
        if not seen.report.complete:
            return "a test of ours that must fail was not reported as failed, so the tests that passed prove nothing"
        if failed := next((test for test, outcome in outcomes.items() if outcome == "failed"), ""):
            return f"{failed} failed, although pytest ended with exit code 0"
        known = {test.partition("[")[0] for test in outcomes}
        if left_out := sorted(test for test in declared if test not in known and test.partition("::")[0] not in known):
            return f"{len(left_out)} of {len(declared)} tests did not run, such as {left_out[0]}"
        return "" if "passed" in outcomes.values() else "no test passed"

    return problem


def _is_slow(outcome: Outcome) -> str:
    if outcome.seconds <= 2 * SMOKE_SECONDS:
        return ""
    limit = f"a smoke run may take {SMOKE_SECONDS:.0f} seconds"
    return f"it took {outcome.seconds:.0f} seconds, and {limit}; use smaller values in config.smoke.yaml"


def _writes_results(seen: Observation) -> str:
    results = seen.written
    if results is None:
        return f"it wrote no readable {RESULTS}"
    try:
        value = json.loads(results)
    except (ValueError, RecursionError):
        return f"its {RESULTS} is not JSON"
    rows = value.get("results") if isinstance(value, dict) else None
    return "" if isinstance(rows, list) and rows else f"its {RESULTS} has no rows"
