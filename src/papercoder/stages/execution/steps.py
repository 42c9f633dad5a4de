"""The steps after install: the command of each, the tests and trials that are declared, and what must be produced."""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from rapidfuzz import fuzz

from papercoder.artifacts import Outcome, StepName, TrialList
from papercoder.environments.environment import has_tests
from papercoder.environments.repository_copy import RESULTS, ScriptReport, read_untrusted_file, script
from papercoder.errors import RunFolderError
from papercoder.files.regular import read_bytes, walk
from papercoder.repository.files import RUNNER, module_parts, quiet_parser
from papercoder.repository.traceability import CLAIMS, ClaimRow, read_claims

_SKIPPED_FOLDERS = frozenset({"build", "dist", "node_modules", "venv", "CVS", "_darcs", "__pycache__"})
"""Folders that pytest does not enter, besides hidden ones."""

_MOST_BYTES = 1 << 20

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def declared_tests(repository: Path) -> frozenset[str]:
    """The names of all test functions and methods below `tests/` in pytest's notation, without parameters.

    Only those that pytest finds without doubt: at the top level of a file or of a class, not under a condition.
    """
    paths = walk(repository, "tests", enters=lambda folder: not _is_skipped(folder.name))
    names = (f"tests/{path}" for path in paths if path.match("test_*.py") or path.match("*_test.py"))
    return frozenset(f"{name}::{test}" for name in names for test in _tests(repository, name))


def _is_skipped(folder: str) -> bool:
    return folder.startswith(".") or folder in _SKIPPED_FOLDERS


def _tests(repository: Path, path: str) -> Iterator[str]:
    try:
        with quiet_parser():
            tree = ast.parse((read_bytes(repository, path) or b"")[:_MOST_BYTES])
    except (RunFolderError, SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        return  # pytest reports it
    for name, node in _definitions(tree.body).items():
        if not isinstance(node, ast.ClassDef):
            if name.startswith("test"):
                yield name
        elif name.startswith("Test") and all(ast.unparse(base).endswith("TestCase") for base in node.bases):
            methods = _definitions(node.body)
            if not {"__init__", "__new__", "__test__"} & {*methods, *_assigned(node.body)}:
                yield from (f"{name}::{method}" for method in methods if method.startswith("test"))


def _definitions(body: list[ast.stmt]) -> Mapping[str, _Definition]:
    """The functions and classes of a body that are no fixtures and whose names are not assigned or deleted there."""
    assigned = _assigned(body)
    return {
        node.name: node
        for node in body
        if isinstance(node, _Definition) and node.name not in assigned and not any(map(_hides, node.decorator_list))
    }


def _hides(decorator: ast.expr) -> bool:
    """Whether a decorated function may be no test; marks keep it one."""
    return not ast.unparse(decorator).startswith(("pytest.mark.", "mark."))


def _assigned(body: list[ast.stmt]) -> frozenset[str]:
    """The names that statements assign, delete or change: `x` in `x = 1`, `x.y = 1` and `del x`."""
    nodes = (node for one in body if not isinstance(one, _Definition) for node in ast.walk(one))
    stored = (node for node in nodes if isinstance(node, ast.Name | ast.Attribute))
    return frozenset(ast.unparse(node).partition(".")[0] for node in stored if not isinstance(node.ctx, ast.Load))


_SHOWN = 8
"""Problems that are listed; more would hide the output around them."""

Names = tuple[str, ...]


def trial_list_problem(text: str | None, claims: Sequence[ClaimRow]) -> str:
    """What is wrong with the output of `main.py --list`; empty if nothing."""
    try:
        listed = TrialList.model_validate_json(text or "")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"`python main.py --list` printed no list of trials ({first['msg']})"
    if not listed.trials:
        return "`trials` returns no trial"
    ids = {claim.id for claim in claims}
    unknown = [f"NOT_MEASURED names {name}, which is no claim" for name in listed.not_measured if name not in ids]
    used = list(dict.fromkeys((trial.experiment, trial.method, trial.dataset) for trial in listed.trials))
    there = set(map(_plain, used))
    missing = {
        kind: claim.id
        for claim in reversed(claims)
        if claim.id in listed.unclaimed
        for kind in reversed(_kinds(claim))
        if _plain(kind) not in there
    }
    return _sentence([*unknown, *(_without_trial(name, kind, used) for kind, name in reversed(missing.items()))])


def metric_problem(results: str | None, claims: Iterable[ClaimRow]) -> str:
    """Claims whose trials ran and measured other metrics; empty if none."""
    rows = json.loads(results or "{}").get("results", [])
    measured: dict[Names, list[str]] = {}
    for row in rows:
        kind = _plain((row["experiment"], row["method"], row["dataset"]))
        measured.setdefault(kind, []).append(row["metric"])
    wrong: dict[Names, str] = {}
    for claim in claims:
        for kind in _kinds(claim):
            found = measured.get(_plain(kind))
            if found and _plain((claim.metric,)) not in {_plain((name,)) for name in found}:
                wrong.setdefault((claim.experiment, claim.metric), _without_metric(claim, kind, found))
    return _sentence(list(wrong.values()))


def _without_trial(name: str, kind: Names, used: Sequence[Names]) -> str:
    nearest = max(used, key=lambda each: sum(fuzz.ratio(a, b) for a, b in zip(each, kind, strict=True)))
    return (
        f"{name} has no trial: no trial is called Trial({_quoted(kind)}, seed); the nearest is "
        f"Trial({_quoted(nearest)}, seed). Use the claim's names, or say in NOT_MEASURED why it is not measured"
    )


def _without_metric(claim: ClaimRow, kind: Names, found: Sequence[str]) -> str:
    return (
        f"{claim.id} needs the metric {json.dumps(claim.metric, ensure_ascii=False)} of "
        f"Trial({_quoted(kind)}, seed), whose run_trial returns {_quoted(dict.fromkeys(found))}"
    )


def _kinds(claim: ClaimRow) -> tuple[Names, ...]:
    """Experiment, method and data set of the trials that it needs: one data set, or all over which it averages."""
    return tuple((claim.experiment, claim.method, name) for name in claim.averaged_over or (claim.dataset,))


def _plain(names: Names) -> Names:
    """Names as the runner compares them."""
    return tuple(" ".join(name.lower().split()) for name in names)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(json.dumps(name, ensure_ascii=False) for name in names)


def _sentence(problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - _SHOWN} more of this kind" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more


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
